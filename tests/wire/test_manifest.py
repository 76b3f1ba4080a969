"""The key manifest: quorum, deployment, canonical form, every field's limits."""

import dataclasses
import hashlib
import json
from datetime import timedelta

import pytest

from intake.wire.errors import BadSignature, ManifestInvalid, NoteInvalid, QuorumMissing, WireError
from intake.wire.manifest import (
    NamedKey,
    Roots,
    make_roots,
    parse_manifest,
    roots_from_json,
    roots_to_json,
    verify_manifest,
)
from intake.wire.note import write_note


def test_manifest_signed_by_a_quorum_verifies(deployment):
    verified = verify_manifest(parse_manifest(deployment.note()), deployment.roots)
    assert verified.manifest == deployment.manifest
    assert verified.manifest.epoch_by_number(12).recipients == deployment.manifest.epoch.recipients
    assert verified.manifest.epoch_by_number(2**31 + 1).is_carry
    assert verified.manifest.epoch_by_number(11) is None
    assert verified.manifest.laptop("C") is None


def test_manifest_below_quorum_is_refused(deployment):
    with pytest.raises(QuorumMissing):
        verify_manifest(parse_manifest(deployment.note(signers=deployment.signers[:1])), deployment.roots)


def test_one_root_signing_twice_counts_once(deployment):
    one = deployment.signers[0]
    with pytest.raises(QuorumMissing):
        verify_manifest(parse_manifest(deployment.note(signers=(one, one))), deployment.roots)


def test_signature_of_a_pinned_root_that_fails_refuses_all(deployment):
    text = deployment.manifest.text()
    good = [s.sign(text) for s in deployment.signers]
    bad = dataclasses.replace(good[2], signature=bytes(64))
    with pytest.raises(BadSignature):
        verify_manifest(parse_manifest(write_note(text, [*good[:2], bad])), deployment.roots)


def test_manifest_of_another_deployment_is_refused(deployment, make_signer):
    other = make_roots(1, [NamedKey(s.name, s.public) for s in deployment.signers])
    with pytest.raises(ManifestInvalid):
        verify_manifest(parse_manifest(deployment.note()), other)


def test_field_changed_after_signing_is_refused(deployment):
    data = deployment.note().replace(b'"serial":7', b'"serial":8')
    with pytest.raises(BadSignature):
        verify_manifest(parse_manifest(data), deployment.roots)


REFUSED = {
    "classic_recipient": lambda m: m["epoch"].update(recipients=["A" * 43 + "="]),
    "no_recipient": lambda m: m["epoch"].update(recipients=[]),
    "four_recipients": lambda m: m["epoch"].update(recipients=m["epoch"]["recipients"] * 2),
    "recipient_twice": lambda m: m["epoch"].update(recipients=m["epoch"]["recipients"][:1] * 2),
    "fewer_recipients_than_laptops": lambda m: m["epoch"].update(recipients=m["epoch"]["recipients"][:1]),
    "revoked_recipient": lambda m: m.update(revoked=[hashlib.sha256(bytes([1]) * 1216).hexdigest()]),
    "epoch_numbered_as_carry": lambda m: m["epoch"].update(number=2**31),
    "carry_numbered_as_epoch": lambda m: m["carry"].update(number=13),
    "serial_zero": lambda m: m.update(serial=0),
    "serial_boolean": lambda m: m.update(serial=True),
    "serial_text": lambda m: m.update(serial="7"),
    "serial_too_large": lambda m: m.update(serial=2**53),
    "day_not_real": lambda m: m.update(made="2026-02-30"),
    "ends_before_it_begins": lambda m: m.update(not_after="2026-11-01"),
    "outlives_its_epoch": lambda m: m.update(not_after="2026-12-30"),
    "epoch_backwards": lambda m: m["epoch"].update(until="2026-11-01"),
    "language_missing": lambda m: m["organisation"].pop("kk"),
    "organisation_empty": lambda m: m["organisation"].update(kk=""),
    "organisation_long": lambda m: m["organisation"].update(kk="қ" * 201),
    "markup": lambda m: m["organisation"].update(en="a<b"),
    "control_character": lambda m: m["organisation"].update(en="a\u0007b"),
    "field_unknown": lambda m: m.update(more=1),
    "field_missing": lambda m: m.pop("pages"),
    "nine_hotlines": lambda m: m.update(hotlines=m["hotlines"] * 9),
    "laptop_twice": lambda m: m.update(laptops=[m["laptops"][0]] * 2),
    "laptop_name": lambda m: m["laptops"][0].update(name="A B"),
    "server_http": lambda m: m.update(servers=["http://report.example"]),
    "server_path": lambda m: m.update(servers=["https://report.example/x"]),
    "server_slash": lambda m: m.update(servers=["https://report.example/"]),
    "server_user": lambda m: m.update(servers=["https://me@report.example"]),
    "server_script": lambda m: m.update(servers=["javascript:alert"]),
    "server_port": lambda m: m.update(servers=["https://report.example:99999"]),
    "page_hash": lambda m: m.update(pages=["AB" * 32]),
    "rehearsal_number": lambda m: m.update(rehearsal=1),
    "next_steps_form": lambda m: m["next_steps"].pop("look"),
    "not_an_object": None,
}


def resigned(deployment, value: object) -> bytes:
    text = "intake-manifest/v1\n" + json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
    return write_note(text, [s.sign(text) for s in deployment.signers])


@pytest.mark.parametrize("name", REFUSED)
def test_manifest_field_wrong_is_refused(deployment, name):
    value = json.loads(deployment.manifest.text().split("\n")[1])
    change = REFUSED[name]
    if change is None:
        value = [value]
    else:
        change(value)
    with pytest.raises((ManifestInvalid, NoteInvalid)):
        parse_manifest(resigned(deployment, value))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"deployment"', b'{ "deployment"'),
        (b'"serial":7', b'"serial":7.0'),
        (b'"serial":7', b'"serial":07'),
        (b'"serial":7', b'"serial":7,"serial":7'),
        (b"Rehearsal group", b"Rehearsal\\u0020group"),
        (b"intake-manifest/v1", b"intake-manifest/v2"),
        (b"intake-manifest/v1\n", b"intake-manifest/v1\nmore\n"),
    ],
)
def test_manifest_not_canonical_is_refused(deployment, old, new):
    data = deployment.note()
    assert old in data
    with pytest.raises(WireError):
        parse_manifest(data.replace(old, new, 1))


def test_manifest_longer_than_64_kib_is_refused(deployment):
    with pytest.raises(ManifestInvalid):
        parse_manifest(deployment.note() + b"x" * 65536)


def test_days_round_trip_and_carry_outlives(deployment):
    assert deployment.manifest.carry.until - deployment.manifest.carry.first == timedelta(days=90)


def test_roots_written_and_read_are_the_same(deployment):
    text = roots_to_json(deployment.roots, rehearsal=True)
    assert roots_from_json(text) == (deployment.roots, True)
    with pytest.raises(ManifestInvalid):
        roots_from_json(text.replace('"quorum":2', '"quorum":1'))
    with pytest.raises(ManifestInvalid):
        roots_from_json(text.replace('"quorum":2', '"quorum":9'))
    for broken in ("", "{", text + " ", text.replace("root-1", "root 1")):
        with pytest.raises(ManifestInvalid):
            roots_from_json(broken)


def test_roots_that_repeat_are_refused(deployment):
    one = deployment.roots.keys[0]
    with pytest.raises(ManifestInvalid):
        Roots(1, (one, one))
    with pytest.raises(ManifestInvalid):
        Roots(1, tuple(reversed(deployment.roots.keys)))
