"""Runs every vector of the folders that make_vectors.py writes; vectors/README.md says what their keys mean."""

import dataclasses
import hashlib
import importlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from intake.wire import (
    courier_request,
    ed25519,
    errors,
    frame,
    mailbox,
    padding,
    puzzle,
    receipt,
    returncode,
    sealed,
    section,
)
from intake.wire.encoding import strict_json_dumps, strict_json_loads, utf8
from intake.wire.envelope import parse_envelope, write_envelope
from intake.wire.note import require_signer
from tests.wire import make_vectors
from tests.wire.cases_frame import to_json

FOLDERS = (
    "courier",
    "ed25519",
    "envelope",
    "frame",
    "mailbox",
    "padding",
    "puzzle",
    "receipt",
    "returncode",
    "sealed",
    "section",
    "strict-json",
)


def part_bytes(part):
    if "zeros" in part:
        return bytes(part["zeros"])
    if "text" in part:
        return part["text"].encode()
    return bytes.fromhex(part["repeat"]) * part["times"] if "repeat" in part else bytes.fromhex(part["hex"])


def value_bytes(value):
    return bytes.fromhex(value) if isinstance(value, str) else b"".join(map(part_bytes, value))


def input_bytes(case):
    if "input" in case:
        return case["input"].encode()
    return value_bytes(case["input_hex"] if "input_hex" in case else case["input_parts"])


def run_sealed(case):
    data = input_bytes(case)
    if "media_total" in case:
        return dataclasses.asdict(_renamed(sealed.check_media(data, case["media_total"], case["recipients"])))
    return dataclasses.asdict(_renamed(sealed.check_small(data, case["recipients"])))


def _renamed(header):
    return dataclasses.make_dataclass("Value", ["stanzas", "header_size"])(header.stanzas, header.size)


def run_frame(case):
    data = input_bytes(case)
    found = frame.unpack(data)
    if isinstance(found, frame.FollowUp):
        frame.verify_follow_up(found)
    if isinstance(found, frame.Reply):
        frame.verify_reply(found)
    assert frame.pack_padded(found, len(data)) == data
    return to_json(found)


def run_section(case):
    data = input_bytes(case)
    found = section.parse_section(data)
    assert section.write_section(found) == data
    return json.loads(data)


def run_strict_json(case):
    data = input_bytes(case)
    found = strict_json_loads(utf8(data))
    assert strict_json_dumps(found).encode() == data
    return found


def run_returncode(case):
    digits = returncode.parse_code(input_bytes(case).decode())
    return {"digits": digits, "shown": returncode.format_code(digits)}


def run_padding(case):
    function = getattr(padding, case["function"])
    if "cases" not in case:
        return function(*case["arguments"])
    assert [function(*one["arguments"]) for one in case["cases"]] == [one["value"] for one in case["cases"]]
    return None


def run_envelope(case):
    data = input_bytes(case)
    found = parse_envelope(data)
    assert write_envelope(found.object_id, found.epoch, found.sealed) == data
    return to_json(found)


def run_ed25519(case):
    ed25519.verify(*(bytes.fromhex(case[key]) for key in ("key", "signature", "message")))


def run_delete(case):
    request = mailbox.parse_delete(input_bytes(case))
    assert mailbox.write_delete(request) == input_bytes(case)
    return {"mailbox_id": mailbox.verify_delete(request).hex(), "hashes": [one.hex() for one in request.hashes]}


def run_decoy(case):
    decoy = mailbox.decoy_slot(bytes.fromhex(case["secret"]), bytes.fromhex(case["mailbox_id"]), case["slot"])
    assert len(decoy) == 4096
    assert hashlib.sha256(decoy).hexdigest() == case["value_sha256"]


def run_slot(case):
    slot, nonce = input_bytes(case), bytes.fromhex(case["nonce"])
    bound = mailbox.slot_associated_data(bytes.fromhex(case["mailbox_id"]))
    opened = ChaCha20Poly1305(bytes.fromhex(case["slot_key"])).decrypt(slot[:12], slot[12:], bound)
    assert (len(slot), slot[:12]) == (4096, nonce)
    return {"sealed": make_vectors.short(opened)}


def run_puzzle(case):
    if case["operation"] == "bits":
        assert [puzzle.bits_for(*one["arguments"]) for one in case["cases"]] == [one["value"] for one in case["cases"]]
        return None
    found = puzzle.parse_solution(case["input"])
    puzzle.check_solution(found, bytes.fromhex(case["seed"]), case["size"])
    assert puzzle.write_solution(found) == case["input"]
    value = dataclasses.asdict(found) | {"subject": found.subject.hex(), "nonces": list(found.nonces)}
    return value | {"work": puzzle.work_class(found.bits, case["size"])}


def run_receipt(case):
    fields = case["stored"] | {key: bytes.fromhex(case["stored"][key]) for key in ("object_id", "sha256")}
    keys = {name: bytes.fromhex(key) for name, key in case["keys"].items()}
    line = input_bytes(case).decode()
    found = receipt.verify_receipt(line, receipt.StoredObject(**fields), keys)
    assert receipt.write_receipt(*receipt.parse_receipt(line)) == line
    return {"day": found.day.isoformat(), "text": found.text()}


def run_courier_request(case):
    note, request, payload = courier_request.split_request(input_bytes(case))
    require_signer(note, {case["name"]: bytes.fromhex(case["key"])})
    if not request.covers(payload):
        raise errors.DigestMismatch
    return {
        "deployment": request.deployment,
        "courier": request.courier,
        "challenge": request.challenge.hex(),
        "path": request.path,
        "payload": payload.hex(),
    }


def run_piece(case):
    found = courier_request.parse_piece(input_bytes(case))
    assert found.payload() == input_bytes(case)
    return dataclasses.asdict(found)


def run_offer(case):
    assert courier_request.parse_offer(input_bytes(case)).to_json() == input_bytes(case)


COURIER = {"request": run_courier_request, "piece": run_piece, "offer": run_offer}
OPERATIONS = {
    "delete": run_delete,
    "id": lambda case: mailbox.mailbox_id(input_bytes(case)).hex(),
    "read": lambda case: mailbox.parse_read(input_bytes(case)).hex(),
    "decoy": run_decoy,
    "slot": run_slot,
}
RUNNERS = {
    "courier": lambda case: COURIER[case["operation"]](case),
    "ed25519": run_ed25519,
    "envelope": run_envelope,
    "frame": run_frame,
    "mailbox": lambda case: OPERATIONS[case["operation"]](case),
    "padding": run_padding,
    "puzzle": run_puzzle,
    "receipt": run_receipt,
    "returncode": run_returncode,
    "sealed": run_sealed,
    "section": run_section,
    "strict-json": run_strict_json,
}


def paths():
    return [path for folder in FOLDERS for path in sorted((make_vectors.VECTORS / folder).glob("*.json"))]


def test_vector_files_are_what_the_script_makes():
    made = dict(make_vectors.all_files())
    found = {f"{path.parent.name}/{path.name}": path.read_text("utf-8") for path in paths()}
    assert sorted(found) == sorted(made)
    assert [name for name in made if made[name] != found[name]] == []
    assert {Path(name).parent.name for name in made} == set(FOLDERS) == set(RUNNERS)


@pytest.mark.parametrize("path", paths(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_vector_gives_what_it_says(path):
    case = json.loads(path.read_text("utf-8"))
    run = RUNNERS[path.parent.name]
    if case["expect"] == "ok":
        assert path.stem.startswith("good")
        found = run(case)
        assert found == case.get("value", found)
    else:
        with pytest.raises(getattr(errors, case["expect"])) as caught:
            run(case)
        assert type(caught.value).__name__ == case["expect"]


def test_vectors_cover_every_refusal_of_these_parsers():
    expected = {json.loads(path.read_text("utf-8"))["expect"] for path in paths()}
    assert expected >= {"NotSealed", "WrongRecipients", "StanzaCount", "WrongSize", "FrameInvalid", "SectionInvalid"}
    assert expected >= {"EncodingInvalid", "CodeInvalid", "EnvelopeInvalid", "DigestMismatch", "BadSignature", "ok"}
    assert "PuzzleInvalid" in expected


def test_vectors_say_what_they_are_for():
    readme = (make_vectors.VECTORS / "README.md").read_text("utf-8")
    used = {key for path in paths() for key in json.loads(path.read_text("utf-8"))}
    assert [key for key in sorted(used) if f"`{key}`" not in readme] == []
    assert [folder for folder in FOLDERS if f"`{folder}/`" not in readme] == []
    assert importlib.import_module("tests.wire.make_vectors") is make_vectors
