"""`POST /reports`: stored once, acknowledged when durable, and every refusal changes nothing."""

import hashlib

import bagit


def test_report_is_stored_and_exported(client, house, forge, intake, tmp_path):
    sealed = forge.sealed()
    body = forge.envelope(sealed)
    answer = client.post("/reports", content=body)
    assert answer.status_code == 200
    expected = {"id": body[:16].hex(), "sha256": hashlib.sha256(sealed).hexdigest()}
    assert answer.json() == expected
    out = intake("export", "--data", house.data, "--out", tmp_path / "out")
    assert out.returncode == 0, out.stderr
    (folder,) = (tmp_path / "out").iterdir()
    assert (folder / "data/objects" / f"{expected['id']}.age").read_bytes() == sealed
    bagit.Bag(str(folder)).validate()
