"""The vectors of notes and manifests: made by the documented script, and read as they say."""

import importlib.util
import json
from pathlib import Path

import pytest

from intake.wire import errors
from intake.wire.manifest import parse_manifest, roots_from_json, verify_manifest
from intake.wire.note import parse_note, verified_names

VECTORS = Path(__file__).resolve().parent.parent.parent / "intake" / "wire" / "vectors"


def cases(folder):
    return sorted((VECTORS / folder).glob("*.json"))


def load_maker():
    spec = importlib.util.spec_from_file_location("manifest_vectors", Path(__file__).parent / "manifest_vectors.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_files_are_what_the_script_makes():
    maker = load_maker()
    made = {
        f"{folder}/{name}.json": maker.render(v) for folder, vs in maker.all_vectors().items() for name, v in vs.items()
    }
    found = {f"{f}/{p.name}": p.read_text("utf-8") for f in ("manifest", "note") for p in cases(f)}
    assert found == made
    assert len(found) >= 30


@pytest.mark.parametrize("path", cases("manifest"), ids=lambda p: p.stem)
def test_manifest_vector(path):
    vector = json.loads(path.read_text("utf-8"))
    roots, _ = roots_from_json(vector["roots"])

    def read():
        return verify_manifest(parse_manifest(vector["input"].encode()), roots).manifest

    if vector["expect"] != "ok":
        with pytest.raises(getattr(errors, vector["expect"])):
            read()
        return
    manifest = read()
    found = {"serial": manifest.serial, "epoch": manifest.epoch.number, "carry": manifest.carry.number}
    found |= {"rehearsal": manifest.rehearsal, "recipients": len(manifest.epoch.recipients)}
    assert found == vector["value"]


@pytest.mark.parametrize("path", cases("note"), ids=lambda p: p.stem)
def test_note_vector(path):
    vector = json.loads(path.read_text("utf-8"))
    keys = {name: bytes.fromhex(key) for name, key in vector["keys"].items()}

    def read():
        return verified_names(parse_note(vector["input"].encode()), keys)

    if vector["expect"] != "ok":
        with pytest.raises(getattr(errors, vector["expect"])):
            read()
        return
    assert sorted(read()) == vector["signed_by"]
