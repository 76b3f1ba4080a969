"""Cases of the short formats: padding, return codes, mailboxes, envelopes."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from intake.wire import envelope, mailbox, padding, returncode
from tests.wire import cases_sealed
from tests.wire.make_vectors import put_input, put_text, short

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
MAILBOX = mailbox.mailbox_id(PUBLIC)
NEUTRAL = b"\1" + bytes(31)


def _case(description, expect):
    return {"description": description, "expect": expect}


def table(description, function, arguments):
    """One file of `cases`, each the arguments of a function of padding.py and what it returns."""
    cases = [{"arguments": list(given), "value": getattr(padding, function)(*given)} for given in arguments]
    return _case(description, "ok") | {"function": function, "cases": cases}


def refusal(description, function, *arguments):
    return _case(description, "WrongSize") | {"function": function, "arguments": list(arguments)}


def padding_cases():
    counts = (1, 2, 3)
    sizes = [*range(1, 130), *(2**k + d for k in range(8, 53) for d in (-1, 0, 1)), *(10**k for k in range(3, 16))]
    plain = (0, 1, 2409, 3419, 65535, 65536, 65537, 131072, 131073, 10**9)
    frames = (1, 3419, 3420, 6976, 11611, 11612, 60763)
    totals = {
        padding.sealed_size(n, padding.padme(size)) + d for n in counts for size in (65536, 10**6) for d in (-1, 0, 1)
    }
    largest = {cases_sealed.largest_media(n) + d for n in counts for d in (0, 1)}
    return {
        "good_padme": table("Padmé", "padme", [(size,) for size in sizes]),
        "good_header_size": table("the size of a header", "header_size", [(n,) for n in counts]),
        "good_sealed_size": table(
            "the size of a sealed object", "sealed_size", [(n, p) for n in counts for p in plain]
        ),
        "good_small_class": table("the smallest class", "small_class", [(f, n) for n in counts for f in frames]),
        "good_small_plain_size": table(
            "what a class holds", "small_plain_size", [(t, n) for n in counts for t in (8192, 16384, 65536)]
        ),
        "good_media_plain_size": table(
            "the plaintext of a media object",
            "media_plain_size",
            [(s,) for s in (59, 65535, 65536, 65537, 10**6, 2**32)],
        ),
        "good_media_class_ok": table(
            "whether a media object can have a size",
            "media_class_ok",
            [(t, n) for n in counts for t in sorted(totals | largest | {0, 1, 4741, 65536})],
        ),
        "padme_zero": refusal("nothing to pad", "padme", 0),
        "small_class_three_recipients": refusal("one byte too many for n = 3", "small_class", 60764, 3),
        "small_class_one_recipient": refusal("one byte too many for n = 1", "small_class", 63878, 1),
        "small_plain_size_reply": refusal("a reply's size is no class", "small_plain_size", 4068, 1),
    }


def code_cases():
    digits = "314159265358979323846264338327"
    code = digits + returncode.check_digits(digits)
    low = next(f"{n:030d}" for n in range(97) if returncode.check_digits(f"{n:030d}") == "02")
    groups = returncode.format_code(code)

    def ok(description, text, spelled=code):
        value = {"digits": spelled, "shown": returncode.format_code(spelled)}
        return _case(description, "ok") | put_text(text.encode()) | {"value": value}

    def bad(description, text):
        return _case(description, "CodeInvalid") | put_text(text.encode())

    return {
        "good": ok("as shown", groups),
        "good_no_spaces": ok("32 digits", code),
        "good_hyphens": ok("hyphens", groups.replace(" ", "-")),
        "good_other_spaces": ok(
            "spaces, hyphens and lines of other keyboards", "\u00a0".join(code) + "\u2009\u202f\t\r\n"
        ),
        "good_other_hyphens": ok("hyphens, dashes and a minus", "\u2010\u2011\u2012\u2013\u2014\u2212".join(code)),
        "good_lowest": ok("thirty zeros", "0" * 30 + "98", "0" * 30 + "98"),
        "good_highest": ok("thirty nines", *["9" * 30 + returncode.check_digits("9" * 30)] * 2),
        "good_check_digits_02": ok("the lowest check digits", low + "02", low + "02"),
        "empty": bad("nothing", ""),
        "separators_alone": bad("only spaces and hyphens", " - - "),
        "wrong_digit": bad("the last digit", code[:-1] + str((int(code[-1]) + 1) % 10)),
        "wrong_first_digit": bad("the first digit", "4" + code[1:]),
        "neighbours_swapped": bad("the first two digits", code[1] + code[0] + code[2:]),
        "digit_missing": bad("31 digits", code[:-1]),
        "digit_more": bad("33 digits", code + "0"),
        "zero_before": bad("a leading zero, which the sum alone would pass", "0" + code),
        "check_digits_97_more": bad("99 for 02, which the sum alone would pass", low + "99"),
        "check_digits_97_less": bad("01 for 98, which the sum alone would pass", "0" * 30 + "01"),
        "letter": bad("the letter O for a zero", "O" * 30 + "98"),
        "arabic_digits": bad("Arabic-Indic digits", code.translate({48 + n: 0x660 + n for n in range(10)})),
        "fullwidth_digits": bad("fullwidth digits", code.translate({48 + n: 0xFF10 + n for n in range(10)})),
        "underscores": bad("underscores between groups", groups.replace(" ", "_")),
        "points": bad("points between groups", groups.replace(" ", ".")),
        "plus": bad("a plus", "+" + code[1:]),
        "byte_order_mark": bad("U+FEFF before the code", "\ufeff" + code),
        "nul_last": bad("a NUL after the code", code + "\0"),
    }


def delete_body(key=KEY, signing_key=None, hashes=None, signed_mailbox=None):
    public = key.public_key().public_bytes_raw()
    taken = hashes or [bytes([n]) * 32 for n in range(4)]
    signed = mailbox.delete_signed_bytes(signed_mailbox or mailbox.mailbox_id(public), taken)
    return mailbox.write_delete(mailbox.DeleteRequest(public, (signing_key or key).sign(signed), tuple(taken)))


def delete_cases():
    body = delete_body()
    other = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    unlabelled = body[:32] + KEY.sign(MAILBOX + body[96:]) + body[96:]
    value = {"mailbox_id": MAILBOX.hex(), "hashes": [body[at : at + 32].hex() for at in range(96, 224, 32)]}

    def bad(description, expect, data):
        return _case(description, expect) | {"operation": "delete"} | put_input(data)

    return {
        "good_delete": _case("delete", "ok") | {"operation": "delete"} | put_input(body) | {"value": value},
        "delete_empty": bad("nothing", "EnvelopeInvalid", b""),
        "delete_cut_off": bad("223 bytes", "EnvelopeInvalid", body[:-1]),
        "delete_trailing_byte": bad("225 bytes", "EnvelopeInvalid", body + b"\0"),
        "delete_hashes_swapped": bad(
            "two hashes changed places", "BadSignature", body[:96] + body[128:160] + body[96:128] + body[160:]
        ),
        "delete_signed_by_another": bad("another key's signature", "BadSignature", delete_body(signing_key=other)),
        "delete_for_another_mailbox": bad("another mailbox", "BadSignature", delete_body(signed_mailbox=bytes(32))),
        "delete_without_label": bad("signed without the label", "BadSignature", unlabelled),
        "delete_small_order_key": bad(
            "a key that signs anything", "BadSignature", NEUTRAL + NEUTRAL + bytes(32) + body[96:]
        ),
    }


def mailbox_cases():
    secret, nonce, slot_key = bytes(range(0x40, 0x60)), bytes(range(12)), bytes(range(0x60, 0x80))
    decoy = mailbox.decoy_slot(secret, MAILBOX, 3)
    sealed = b"\xee" * 4068
    slot = nonce + ChaCha20Poly1305(slot_key).encrypt(nonce, sealed, b"intake/slot/v1\n" + MAILBOX)
    keys = {"slot_key": slot_key.hex(), "nonce": nonce.hex(), "mailbox_id": MAILBOX.hex()}
    decoy_of = {"operation": "decoy", "secret": secret.hex(), "mailbox_id": MAILBOX.hex(), "slot": 3}
    return delete_cases() | {
        "good_id": _case("the id of a key", "ok") | {"operation": "id"} | put_input(PUBLIC) | {"value": MAILBOX.hex()},
        "good_read": _case("read", "ok") | {"operation": "read"} | put_input(MAILBOX) | {"value": MAILBOX.hex()},
        "good_decoy": _case("slot 3 when there is no answer", "ok")
        | decoy_of
        | {"value_sha256": hashlib.sha256(decoy).hexdigest()},
        "good_slot": _case("an answer's slot; `sealed` is what it holds", "ok")
        | {"operation": "slot"}
        | keys
        | {"input_hex": slot.hex(), "value": {"sealed": short(sealed)}},
        "id_of_short_key": _case("31 bytes", "EnvelopeInvalid") | {"operation": "id"} | put_input(PUBLIC[:-1]),
        "read_cut_off": _case("31 bytes", "EnvelopeInvalid") | {"operation": "read"} | put_input(MAILBOX[:-1]),
        "read_trailing_byte": _case("33 bytes", "EnvelopeInvalid") | {"operation": "read"} | put_input(MAILBOX + b"\0"),
        "read_hex": _case("the id as text", "EnvelopeInvalid")
        | {"operation": "read"}
        | put_input(MAILBOX.hex().encode()),
        "decoy_slot_four": _case("there is no slot 4", "EnvelopeInvalid") | decoy_of | {"slot": 4},
        "decoy_short_secret": _case("31 bytes", "EnvelopeInvalid") | decoy_of | {"secret": secret[1:].hex()},
    }


def envelope_cases():
    object_id = bytes(range(16))
    sealed = cases_sealed.fill(cases_sealed.header(2))

    def good(description, epoch, content):
        value = {"object_id": object_id.hex(), "epoch": epoch, "sha256": hashlib.sha256(content).hexdigest()}
        body = envelope.write_envelope(object_id, epoch, content)
        return _case(description, "ok") | put_input(body) | {"value": value | {"sealed": short(content)}}

    def bad(description, expect, body):
        return _case(description, expect) | put_input(body)

    body = envelope.write_envelope(object_id, 12, sealed)
    return {
        "good": good("epoch 12", 12, sealed),
        "good_no_hint": good("no epoch label", 0, sealed),
        "good_carry_epoch": good("a carry epoch", 2**31 + 5, sealed),
        "good_not_sealed": good("the gate comes after the envelope", 12, b"x"),
        "good_largest": good("65,536 bytes", 2**32 - 1, cases_sealed.fill(cases_sealed.header(2), 65536)),
        "empty": bad("nothing", "EnvelopeInvalid", b""),
        "cut_off_in_header": bad("51 bytes", "EnvelopeInvalid", body[:51]),
        "header_alone": bad("no object", "EnvelopeInvalid", body[:20] + hashlib.sha256().digest()),
        "too_long": bad("65,537 bytes", "WrongSize", envelope.write_envelope(object_id, 12, bytes(65537))),
        "object_cut_off": bad("the last byte is missing", "DigestMismatch", body[:-1]),
        "object_trailing_byte": bad("one byte more", "DigestMismatch", body + b"\0"),
        "object_changed": bad("one bit of the last byte", "DigestMismatch", body[:-1] + b"\xef"),
        "digest_changed": bad("one bit of the digest", "DigestMismatch", body[:20] + bytes([body[20] ^ 1]) + body[21:]),
    }


def folders():
    """Folder -> name -> case."""
    return {
        "padding": padding_cases(),
        "returncode": code_cases(),
        "mailbox": mailbox_cases(),
        "envelope": envelope_cases(),
    }
