"""Cases of receipts: good ones, lines that are not canonical, and signatures over something else."""

import dataclasses
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.wire.note import Signature, key_id
from intake.wire.receipt import Receipt, StoredObject, write_receipt

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(64, 96)))
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(96, 128)))
NAME = "receipt-1"
KEYS = {NAME: PUBLIC}
STORED = StoredObject("ab" * 32, bytes(range(16)), bytes(range(32)), 1, 8192, 12)
DAY = date(2026, 11, 22)


def line(stored=STORED, day=DAY, key=KEY, name=NAME, listed=PUBLIC):
    text = Receipt(stored, day).text()
    return write_receipt(day, Signature(name, key_id(name, listed), key.sign(text.encode())))


def case(description, expect, text, stored=STORED, keys=KEYS):
    fields = dataclasses.asdict(stored) | {"object_id": stored.object_id.hex(), "sha256": stored.sha256.hex()}
    made = {"description": description, "expect": expect, "input": text, "stored": fields}
    made["keys"] = {name: key.hex() for name, key in keys.items()}
    if expect == "ok":
        day = date.fromisoformat(text.split(" ")[0])
        made["value"] = {"day": day.isoformat(), "text": Receipt(stored, day).text()}
    return made


def changed(**fields):
    return dataclasses.replace(STORED, **fields)


def malformed(good):
    lines = {
        "empty": "",
        "two_parts": good.rpartition(" ")[0],
        "four_parts": good + " x",
        "two_spaces": good.replace(" ", "  ", 1),
        "trailing_newline": good + "\n",
        "day_of_another_spelling": good.replace("2026-11-22", "20261122"),
        "no_such_day": good.replace("2026-11-22", "2026-02-30"),
        "name_not_allowed": good.replace(NAME, "receipt?1"),
        "base64_unpadded": good.rstrip("="),
        "base64_stray_bits": good[:-2] + chr(ord(good[-2]) + 1) + "=",
        "signature_too_short": good[:-4],
    }
    return {name: case(name.replace("_", " "), "NoteInvalid", text) for name, text in lines.items()}


def folders():
    """The folder and its cases."""
    good, media = line(), changed(kind=2, size=2**32, epoch=2**32 - 1)
    elsewhere = {
        "another_deployment": changed(deployment="cd" * 32),
        "another_object": changed(object_id=bytes(16)),
        "another_hash": changed(sha256=bytes(32)),
        "another_kind": changed(kind=2),
        "another_size": changed(size=16384),
        "another_epoch": changed(epoch=13),
    }
    refused = {name: case(f"signed for {name}", "BadSignature", good, stored) for name, stored in elsewhere.items()}
    return {
        "receipt": {
            "good": case("a report", "ok", good),
            "good_media": case("the largest media object and label", "ok", line(media), media),
            "good_among_other_keys": case(
                "two keys", "ok", good, keys={"a": OTHER.public_key().public_bytes_raw()} | KEYS
            ),
            "another_day": case("the day was changed", "BadSignature", good.replace("-22", "-23")),
            "another_key": case("by a key that is not listed under that name", "BadSignature", line(key=OTHER)),
            "unknown_name": case("no key of that name", "BadSignature", line(name="receipt-2")),
            "no_keys": case("no receipt keys", "BadSignature", good, keys={}),
            **refused,
            **malformed(good),
        }
    }
