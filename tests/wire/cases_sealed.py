"""Cases of the gate and of sizes: headers of the right and of a wrong shape before bytes that mean nothing."""

from base64 import b64encode

from intake.wire import padding
from tests.wire.make_vectors import put_input

FIRST = b"age-encryption.org/v1\n"
BODY = b64encode(bytes(range(32))).rstrip(b"=") + b"\n"
STANZA = b"-> mlkem768x25519 " + b"A" * 1494 + b"\n" + BODY
CLASSIC = b"-> X25519 " + BODY + BODY
MAC = b"--- " + BODY
MEDIA_TOTAL = padding.sealed_size(3, padding.padme(1_000_000))


def header(stanzas=3, first=FIRST, stanza=STANZA, mac=MAC):
    return first + stanza * stanzas + mac


def fill(head, total=8192):
    """The header with 0xee to `total` bytes: nothing that a key opens, and the gate cannot know."""
    return head.ljust(total, b"\xee")


def good(description, data, stanzas):
    value = {"stanzas": data[:4800].count(b"\n-> "), "header_size": data.index(b"\n---") + 49}
    return {"description": description, "expect": "ok", "recipients": stanzas} | put_input(data) | {"value": value}


def bad(description, expect, data, stanzas=3):
    return {"description": description, "expect": expect, "recipients": stanzas} | put_input(data)


def media(description, expect, total, stanzas=3, count=None):
    """Media: only the header travels in the vector, `total` is the announced size."""
    case = bad(description, expect, header(stanzas), count or stanzas) | {"media_total": total}
    value = {"stanzas": stanzas, "header_size": padding.header_size(stanzas)}
    return case | {"value": value} if expect == "ok" else case


def good_cases():
    return {
        "good_one_recipient": good("n = 1", fill(header(1)), 1),
        "good_two_recipients": good("n = 2", fill(header(2)), 2),
        "good_three_recipients": good("n = 3", fill(header(3)), 3),
        "good_any_count": good("no epoch label, so any n", fill(header(2)), None),
        "good_second_class": good("16,384 bytes", fill(header(3), 16384), 3),
        "good_third_class": good("65,536 bytes", fill(header(3), 65536), 3),
        "good_media_floor": media("the smallest media object", "ok", padding.sealed_size(3, 65536)),
        "good_media": media("a size that Padmé gives", "ok", MEDIA_TOTAL),
        "good_media_one_recipient": media(
            "the same for n = 1", "ok", padding.sealed_size(1, padding.padme(1_000_000)), 1
        ),
        "good_media_largest": media("the largest Padmé size that stays below 4 GiB", "ok", largest_media(3)),
    }


def largest_media(recipients):
    """The largest media object of at most 4 GiB."""
    plain = 2**32
    while padding.sealed_size(recipients, padding.padme(plain)) > 2**32:
        plain -= 2**20
    return padding.sealed_size(recipients, padding.padme(plain))


def size_cases():
    above = padding.sealed_size(3, padding.padme(2**32 + 1))
    return {
        "size_one_less": bad("8,191 bytes", "WrongSize", fill(header(), 8191)),
        "size_one_more": bad("8,193 bytes", "WrongSize", fill(header(), 8193)),
        "size_between": bad("32,768 bytes", "WrongSize", fill(header(), 32768)),
        "size_header_alone": bad("nothing after the header", "WrongSize", header()),
        "size_reply": bad("a reply's 4,068 bytes", "WrongSize", fill(header(1), 4068), 1),
        "media_size_one_less": media("one byte less than Padmé gives", "WrongSize", MEDIA_TOTAL - 1),
        "media_size_one_more": media("one byte more than Padmé gives", "WrongSize", MEDIA_TOTAL + 1),
        "media_size_of_two_recipients": media("n = 3 in a size of n = 2", "WrongSize", MEDIA_TOTAL - 1557),
        "media_size_below_floor": media("Padmé, but under 65,536", "WrongSize", padding.sealed_size(3, 61_440)),
        "media_size_small_class": media("a small class", "WrongSize", 65536),
        "media_size_above_4_gib": media("Padmé, but above 4 GiB", "WrongSize", above),
        "media_size_zero": media("0 bytes", "WrongSize", 0),
        "media_size_empty_last_chunk": media(
            "a chunk with nothing but its tag at the end", "WrongSize", padding.sealed_size(3, 131_072) + 16
        ),
    }


def count_cases():
    return {
        "no_stanza": bad("n = 0", "StanzaCount", fill(header(0)), None),
        "four_stanzas": bad("n = 4", "StanzaCount", fill(header(4)), None),
        "forty_stanzas": bad("n = 40", "StanzaCount", fill(header(40), 65536), None),
        "fewer_than_epoch": bad("n = 2, the epoch has 3", "StanzaCount", fill(header(2)), 3),
        "more_than_epoch": bad("n = 3, the epoch has 2", "StanzaCount", fill(header(3)), 2),
        "media_fewer_than_epoch": media("n = 2, the epoch has 3", "StanzaCount", MEDIA_TOTAL - 1557, 2, 3),
    }


def recipient_cases():
    def with_stanza(description, stanza, before=0):
        return bad(description, "WrongRecipients", fill(FIRST + STANZA * before + stanza + MAC), None)

    return {
        "classic_recipient": with_stanza("X25519", CLASSIC),
        "classic_recipient_beside": with_stanza("X25519 after two of ours", CLASSIC, 2),
        "classic_recipient_fourth": with_stanza("X25519 after three of ours", CLASSIC, 3),
        "passphrase": with_stanza("scrypt", b"-> scrypt AAAAAAAAAAAAAAAAAAAAAA 18\n" + BODY),
        "ssh_recipient": with_stanza("ssh-ed25519", b"-> ssh-ed25519 AAAAAA " + BODY + BODY),
        "grease": with_stanza("a stanza that means nothing", b"-> !-grease x\n" + BODY, 1),
        "type_upper_case": with_stanza("MLKEM768X25519", STANZA.replace(b"mlkem768x", b"MLKEM768X")),
        "type_longer": with_stanza("mlkem768x25519a", STANZA.replace(b"25519 A", b"25519a ")),
        "argument_missing": with_stanza("no enc", b"-> mlkem768x25519\n" + BODY + b"A" * 1494 + b"\n"),
        "argument_more": with_stanza("two arguments", STANZA.replace(b" AAAA", b" A AA", 1).replace(b"A\n", b"AA\n")),
        "enc_shorter": with_stanza("1,119 bytes", STANZA.replace(b"AA\n", b"\n", 1), 1),
        "enc_longer": with_stanza("1,121 bytes", STANZA.replace(b"AA\n", b"AAAA\n", 1), 1),
        "body_shorter": with_stanza("31 bytes", STANZA[:-3] + b"\n", 1),
        "body_longer": with_stanza("33 bytes", STANZA[:-1] + b"A\n", 1),
        "body_in_two_lines": with_stanza("22 and 20 characters", STANZA[:-22] + b"\n" + STANZA[-21:], 1),
    }


def broken_cases():
    def mac(line):
        return fill(FIRST + STANZA * 3 + line)

    stray_enc = STANZA.replace(b"AA\n", b"AB\n", 1)
    data = {
        "empty": b"",
        "plain_text": fill(b"They took him at the bazaar. "),
        "armored": fill(b"-----BEGIN AGE ENCRYPTED FILE-----\n" + b64encode(FIRST)),
        "version_two": fill(header(first=b"age-encryption.org/v2\n")),
        "first_line_upper_case": fill(header(first=b"AGE-encryption.org/v1\n")),
        "first_line_carriage_return": fill(header(first=FIRST[:-1] + b"\r\n")),
        "first_line_alone": FIRST,
        "first_line_cut_off": FIRST[:-1],
        "byte_order_mark": fill(b"\xef\xbb\xbf" + header()),
        "cut_off_in_stanza": header()[:2000],
        "cut_off_before_mac": header()[:-48],
        "cut_off_in_mac": header()[:-1],
        "enc_stray_bits": fill(header(stanza=stray_enc)),
        "enc_not_base64": fill(header(stanza=STANZA.replace(b"AAAA", b"A*AA", 1))),
        "enc_url_alphabet": fill(header(stanza=STANZA.replace(b"AAAA", b"A-_A", 1))),
        "enc_padded": fill(header(stanza=STANZA.replace(b"AAA\n", b"A==\n", 1))),
        "enc_nul": fill(header(stanza=STANZA.replace(b"AAAA", b"A\0AA", 1))),
        "enc_not_ascii": fill(header(stanza=STANZA.replace(b"AAAA", b"A\xc0AA", 1))),
        "body_stray_bits": fill(header(stanza=STANZA[:-2] + b"9\n")),
        "body_padded": fill(header(stanza=STANZA[:-2] + b"=\n")),
        "body_carriage_return": fill(header(stanza=STANZA[:-2] + b"\r\n")),
        "mac_missing": mac(b""),
        "mac_space_missing": mac(b"---" + BODY[:-1] + b"A\n"),
        "mac_four_dashes": mac(b"----" + BODY),
        "mac_shorter": mac(b"--- " + BODY[:-2] + b"\n"),
        "mac_longer": mac(b"--- " + BODY[:-1] + b"A\n"),
        "mac_stray_bits": mac(b"--- " + BODY[:-2] + b"9\n"),
        "mac_carriage_return": mac(b"--- " + BODY[:-2] + b"\r\n"),
        "mac_padded": mac(b"--- " + BODY[:-1] + b"=\n"),
        "empty_line_before_mac": mac(b"\n" + MAC),
    }
    return {name: bad(name.replace("_", " "), "NotSealed", raw, None) for name, raw in data.items()}


def folders():
    """Folder -> name -> case."""
    return {"sealed": good_cases() | size_cases() | count_cases() | recipient_cases() | broken_cases()}
