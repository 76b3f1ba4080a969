"""Cases of what a courier and a server say to each other: requests, pieces, offers."""

import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.wire.courier_request import CourierRequest, Offer, OfferedFile, PieceWanted, write_request
from intake.wire.note import Signature, key_id, write_note
from tests.wire.make_vectors import put_input, put_text

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(100, 132)))
PUBLIC = KEY.public_key().public_bytes_raw()
NAME = "courier-1"
PAYLOAD = b"A"
REQUEST = CourierRequest("ab" * 32, NAME, bytes(range(56)), "/courier/bundles", hashlib.sha256(PAYLOAD).digest())
OFFER = Offer("bundle-0123abcd", (OfferedFile("bagit.txt", 55, bytes(32)), OfferedFile("data/index.txt", 0, bytes(32))))


def signed(text: str, payload: bytes = PAYLOAD, name: str = NAME) -> bytes:
    return write_request(write_note(text, [Signature(name, key_id(name, PUBLIC), KEY.sign(text.encode()))]), payload)


def _case(operation: str, description: str, expect: str) -> dict[str, object]:
    return {"description": description, "expect": expect, "operation": operation}


def request(description: str, expect: str, body: bytes) -> dict[str, object]:
    return _case("request", description, expect) | {"key": PUBLIC.hex(), "name": NAME} | put_input(body)


def changed(old: str, new: str) -> bytes:
    assert old in REQUEST.text()
    return signed(REQUEST.text().replace(old, new, 1))


def request_cases() -> dict[str, dict[str, object]]:
    value = {
        "deployment": REQUEST.deployment,
        "courier": NAME,
        "challenge": REQUEST.challenge.hex(),
        "path": REQUEST.path,
        "payload": PAYLOAD.hex(),
    }
    good, bad = signed(REQUEST.text()), "CourierInvalid"
    return {
        "good_request": request("a courier asks for a bundle", "ok", good) | {"value": value},
        "request_changed_payload": request("another payload than signed", "DigestMismatch", good[:-1] + b"B"),
        "request_longer_payload": request("a byte behind what was signed", "DigestMismatch", good + b"A"),
        "request_changed_path": request(
            "signed for another path", "BadSignature", good.replace(b"/bundles", b"/outboxe")
        ),
        "request_other_name": request(
            "signed under a name nobody knows", "BadSignature", signed(REQUEST.text(), name="x")
        ),
        "request_cut_off": request("the note is cut off", bad, good[:100]),
        "request_empty": request("no bytes", bad, b""),
        "request_note_too_long": request("a note of 2,049 bytes", bad, (2049).to_bytes(2) + bytes(2049)),
        "request_other_purpose": request("another purpose", bad, changed("intake-courier/v1", "intake-acks/v1")),
        "request_challenge_short": request("55 bytes", bad, changed(REQUEST.text().split("\n")[3][-4:], "")),
        "request_path_elsewhere": request("a path outside", bad, changed("path /courier/bundles", "path /reports")),
        "request_path_with_dots": request("dots", bad, changed("path /courier/bundles", "path /courier/../reports")),
        "request_line_missing": request("no courier", bad, changed(f"courier {NAME}\n", "")),
        "request_upper_case_hex": request("a hash in capitals", bad, changed("deployment ab", "deployment AB")),
        "request_not_a_note": request("no signature", "NoteInvalid", write_request(REQUEST.text().encode(), PAYLOAD)),
    }


def piece_cases() -> dict[str, dict[str, object]]:
    def piece(description: str, expect: str, text: str) -> dict[str, object]:
        return _case("piece", description, expect) | put_text(text.encode())

    wanted, bad = PieceWanted("data/segments/0000.bin", 4194304, 4194304), "CourierInvalid"
    value = {"file": wanted.file, "offset": wanted.offset, "size": wanted.size}
    return {
        "good_piece": piece("four MiB", "ok", wanted.payload().decode()) | {"value": value},
        "piece_of_nothing": piece("no bytes", bad, "bagit.txt 0 0"),
        "piece_too_large": piece("a byte more than four MiB", bad, "bagit.txt 0 4194305"),
        "piece_offset_negative": piece("before the beginning", bad, "bagit.txt -1 1"),
        "piece_leading_zero": piece("a leading zero", bad, "bagit.txt 01 1"),
        "piece_leaves_the_folder": piece("a path that leaves", bad, "../log.key 0 1"),
        "piece_leaves_inside": piece("dots inside", bad, "data/../../log.key 0 1"),
        "piece_from_the_root": piece("an absolute path", bad, "/etc/passwd 0 1"),
        "piece_hidden_file": piece("a name that begins with a dot", bad, "data/.x 0 1"),
        "piece_two_numbers": piece("a number more", bad, "bagit.txt 0 1 1"),
    }


def offer_cases() -> dict[str, dict[str, object]]:
    text = OFFER.to_json().decode()

    def offer(description: str, expect: str, change: Callable[[str], str]) -> dict[str, object]:
        return _case("offer", description, expect) | put_text(change(text).encode())

    bad = "CourierInvalid"
    return {
        "good_offer": offer("two files", "ok", lambda t: t),
        "good_offer_of_no_file": offer("no file", "ok", lambda t: '{"bundle":"bundle-0123abcd","files":[]}'),
        "offer_leaves_the_folder": offer("a path that leaves", bad, lambda t: t.replace("data/index", "../index")),
        "offer_backslash": offer("a path of another system", bad, lambda t: t.replace("data/", "data\\\\")),
        "offer_device_name": offer(
            "a stream of another system", bad, lambda t: t.replace("data/index", "data/index:x")
        ),
        "offer_out_of_order": offer("falling paths", bad, lambda t: t.replace("bagit.txt", "zagit.txt")),
        "offer_file_twice": offer("one path twice", bad, lambda t: t.replace("data/index.txt", "bagit.txt")),
        "offer_too_large": offer("4 GiB", bad, lambda t: t.replace("55", str(2**32))),
        "offer_size_is_text": offer("a size in quotes", bad, lambda t: t.replace("55", '"55"')),
        "offer_size_is_true": offer("a size that is true", bad, lambda t: t.replace("55", "true")),
        "offer_other_folder": offer(
            "a folder of another name", bad, lambda t: t.replace("bundle-0123abcd", "bundle-../../x")
        ),
        "offer_hash_short": offer("31 bytes of hash", bad, lambda t: t.replace("00" * 32, "00" * 31, 1)),
        "offer_more_keys": offer("another key", bad, lambda t: t.replace('"files"', '"more":1,"files"')),
        "offer_white_space": offer("white space", bad, lambda t: t.replace(",", ", ", 1)),
        "offer_not_json": offer("no JSON", bad, lambda t: t[:-1]),
    }


def folders() -> dict[str, dict[str, dict[str, object]]]:
    """Folder -> file name -> case."""
    return {"courier": {**request_cases(), **piece_cases(), **offer_cases()}}
