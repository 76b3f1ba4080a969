"""Makes intake/wire/vectors/manifest/*.json and note/*.json from fixed seeds: python tests/wire/manifest_vectors.py

Each file: description, expect ("ok" or the error's class name), input (the note's text, UTF-8); manifest files also
`roots` (the pinned deployment block) and, when ok, `value`; note files `keys` (name -> hex) and, when ok, `signed_by`.
"""

import dataclasses
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent.parent / "intake" / "wire" / "vectors"

if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent.parent))

from intake.wire.manifest import roots_to_json  # noqa: E402
from intake.wire.note import write_note  # noqa: E402


def _conftest():
    spec = importlib.util.spec_from_file_location("wire_conftest", HERE / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["wire_conftest"] = module
    spec.loader.exec_module(module)
    return module


def _json_changes() -> dict[str, tuple[str, Callable[[dict], object]]]:
    return {
        "classic_recipient": ("a 32-byte recipient", lambda m: m["epoch"].update(recipients=["A" * 43 + "="] * 2)),
        "four_recipients": ("four recipients", lambda m: m["epoch"].update(recipients=m["epoch"]["recipients"] * 2)),
        "recipient_twice": (
            "one recipient twice",
            lambda m: m["epoch"].update(recipients=m["epoch"]["recipients"][:1] * 2),
        ),
        "epoch_destroyed": ("oldest_epoch above its epoch", lambda m: m.update(oldest_epoch=13)),
        "epoch_numbered_as_carry": ("an epoch from 2^31", lambda m: m["epoch"].update(number=2**31)),
        "serial_zero": ("serial 0", lambda m: m.update(serial=0)),
        "serial_boolean": ("serial true", lambda m: m.update(serial=True)),
        "day_not_real": ("30 February", lambda m: m.update(made="2026-02-30")),
        "outlives_its_epoch": ("valid over 3 days past its epoch", lambda m: m.update(not_after="2026-12-30")),
        "language_missing": ("no Kazakh", lambda m: m["organisation"].pop("kk")),
        "field_unknown": ("one field more", lambda m: m.update(more=1)),
        "server_plain_http": ("http to a public host", lambda m: m.update(servers=["http://report.example"])),
        "server_port_leading_zero": ("port 0443", lambda m: m.update(servers=["https://report.example:0443"])),
        "server_with_path": ("an address with a path", lambda m: m.update(servers=["https://report.example/x"])),
    }


def manifest_vectors(test_deployment) -> dict[str, dict]:
    """Name -> vector of the folder manifest/."""
    roots, good = roots_to_json(test_deployment.roots, True), test_deployment.note()
    signers, text = test_deployment.signers, test_deployment.manifest.text()
    dumped = text.split("\n")[1]
    signatures = [s.sign(text) for s in signers]
    broken = dataclasses.replace(signatures[2], signature=bytes(64))

    def case(description: str, expect: str, note: bytes) -> dict:
        return {"description": description, "expect": expect, "roots": roots, "input": note.decode()}

    def resigned(body: str) -> bytes:
        changed = f"intake-manifest/v1\n{body}\n"
        return write_note(changed, [s.sign(changed) for s in signers])

    ok = case("two of three roots signed", "ok", good)
    ok["value"] = {"serial": 7, "epoch": 12, "carry": 2**31 + 1, "rehearsal": True, "recipients": 2}
    cases = {
        "good": ok,
        "one_signature": case("one of two needed", "QuorumMissing", write_note(text, signatures[:1])),
        "one_root_twice": case("a root signs twice", "QuorumMissing", write_note(text, signatures[:1] * 2)),
        "root_signature_broken": case(
            "a third root's is wrong", "BadSignature", write_note(text, [*signatures[:2], broken])
        ),
        "changed_after_signing": case("serial raised", "BadSignature", good.replace(b'"serial":7', b'"serial":8')),
        "white_space": case(
            "a blank in the JSON", "ManifestInvalid", resigned(dumped.replace('{"deployment', '{ "deployment'))
        ),
        "key_twice": case(
            "serial twice", "ManifestInvalid", resigned(dumped.replace('"serial":7', '"serial":7,"serial":7'))
        ),
        "escaped_letter": case(
            "an escape not needed", "ManifestInvalid", resigned(dumped.replace("Rehearsal", "\\u0052ehearsal"))
        ),
        "number_with_point": case(
            "serial 7.0", "ManifestInvalid", resigned(dumped.replace('"serial":7', '"serial":7.0'))
        ),
        "other_deployment": case(
            "another deployment",
            "ManifestInvalid",
            resigned(dumped.replace(test_deployment.roots.deployment, "ab" * 32)),
        ),
    }
    endless = json.loads(dumped) | {"not_after": "9999-12-31"}
    endless["epoch"] |= {"until": "9999-12-31", "grace_until": "9999-12-31"}
    body = json.dumps(endless, ensure_ascii=False, separators=(",", ":"))
    cases["good_last_day"] = ok | case("valid to the end of the calendar", "ok", resigned(body))
    for name, (description, change) in _json_changes().items():
        value = json.loads(dumped)
        change(value)
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        cases[name] = case(description, "ManifestInvalid", resigned(body))
    return cases


def note_vectors(test_deployment) -> dict[str, dict]:
    """Name -> vector of the folder note/."""
    text = "intake-test/v1\nқазақша жол\n"
    signers = test_deployment.signers
    good = write_note(text, [s.sign(text) for s in signers[:2]]).decode()
    keys = {s.name: s.public.hex() for s in signers[:1]}
    forged = write_note(text, [dataclasses.replace(signers[0].sign(text), signature=bytes(64))]).decode()
    last = good.rsplit("\n", 2)[-2] + "\n"

    def case(description: str, expect: str, note: str) -> dict:
        return {"description": description, "expect": expect, "keys": keys, "input": note}

    ok = case("a known and an unknown signer", "ok", good)
    ok["signed_by"] = [signers[0].name]
    return {
        "good": ok,
        "known_signature_fails": case("64 zero bytes", "BadSignature", forged),
        "no_signature": case("text only", "NoteInvalid", text + "\n"),
        "no_final_newline": case("cut", "NoteInvalid", good[:-1]),
        "trailing_empty_line": case("one newline more", "NoteInvalid", good + "\n"),
        "carriage_returns": case("CRLF", "NoteInvalid", good.replace("\n", "\r\n")),
        "control_character": case("a NUL in the text", "NoteInvalid", good.replace("жол", "\u0000")),
        "markup": case("a < in the text", "NoteInvalid", good.replace("жол", "<жол")),
        "empty_line_in_text": case("an empty line", "NoteInvalid", good.replace("қазақша", "\nқазақша")),
        "hyphen_for_dash": case("- for —", "NoteInvalid", good.replace("— ", "- ")),
        "base64_unpadded": case("= missing", "NoteInvalid", good.replace("=\n", "\n")),
        "name_with_plus": case("a + in a name", "NoteInvalid", good.replace("— root-1", "— root+1")),
        "seventeen_signatures": case("17 lines", "NoteInvalid", good + last * 15),
    }


def all_vectors() -> dict[str, dict[str, dict]]:
    """Folder -> name -> vector."""
    test_deployment = _conftest().make_deployment()
    return {"manifest": manifest_vectors(test_deployment), "note": note_vectors(test_deployment)}


def render(vector: dict) -> str:
    """The text of a vector's file."""
    return json.dumps(vector, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    for folder, cases in all_vectors().items():
        (VECTORS / folder).mkdir(parents=True, exist_ok=True)
        for name, vector in cases.items():
            (VECTORS / folder / f"{name}.json").write_text(render(vector), "utf-8")
