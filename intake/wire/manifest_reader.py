"""From the strict JSON of a manifest to `Manifest`, field by field (SPEC.md section 4)."""

import hashlib
import re
from urllib.parse import urlsplit

from intake.wire import shape
from intake.wire.constants import (
    CARRY_EPOCH_FIRST,
    ED25519_KEY_SIZE,
    ED25519_SIGNATURE_SIZE,
    EPOCH_MAX,
    NOTE_KEY_ID_SIZE,
    RECIPIENT_SIZE,
    RECIPIENTS_MAX,
    ROOTS_MAX,
)
from intake.wire.errors import ManifestInvalid
from intake.wire.manifest_model import EpochKeys, Hotline, LaptopKeys, Manifest, NextRoots, check_days
from intake.wire.note import Signature, check_name
from intake.wire.roots import NamedKey, Roots, named_key
from intake.wire.shape import Words

FORMS = ("saw", "look", "released")
_KEYS = (
    "deployment serial made not_before not_after rehearsal organisation hotlines next_steps epoch carry oldest_epoch "
    "laptops couriers log_keys receipt_keys revoked servers onions minimum_build pages next_roots"
)
_SERIAL_MAX = 2**53 - 1
_LIST_MAX = 8
_REVOKED_MAX = 64
_PAGES_MAX = 16
_HOST = re.compile(r"[a-z0-9.-]{1,253}|\[::1\]")
_LOOPBACK = re.compile(r"localhost|127\.[0-9.]+|\[::1\]")


def read_manifest(value: object) -> Manifest:
    """Return the manifest that parsed strict JSON describes; raise ManifestInvalid naming the first wrong field."""
    taken = shape.fields(value, tuple(_KEYS.split()), "manifest")
    manifest = Manifest(
        deployment=shape.hex64(taken["deployment"], "deployment"),
        serial=shape.integer(taken["serial"], 1, _SERIAL_MAX, "serial"),
        made=shape.day(taken["made"], "made"),
        not_before=shape.day(taken["not_before"], "not_before"),
        not_after=shape.day(taken["not_after"], "not_after"),
        rehearsal=shape.boolean(taken["rehearsal"], "rehearsal"),
        organisation=shape.words(taken["organisation"], 1, 200, "organisation"),
        hotlines=shape.array(taken["hotlines"], 0, _LIST_MAX, _hotline, "hotlines"),
        next_steps=_next_steps(taken["next_steps"]),
        epoch=_epoch(taken["epoch"], 1, CARRY_EPOCH_FIRST - 1, "epoch"),
        carry=_epoch(taken["carry"], CARRY_EPOCH_FIRST, EPOCH_MAX, "carry"),
        oldest_epoch=shape.integer(taken["oldest_epoch"], 1, CARRY_EPOCH_FIRST - 1, "oldest_epoch"),
        laptops=shape.array(taken["laptops"], 1, RECIPIENTS_MAX, _laptop, "laptops"),
        couriers=_named(taken["couriers"], "couriers"),
        log_keys=_named(taken["log_keys"], "log_keys"),
        receipt_keys=_named(taken["receipt_keys"], "receipt_keys"),
        revoked=shape.array(taken["revoked"], 0, _REVOKED_MAX, shape.hex64, "revoked"),
        servers=shape.array(taken["servers"], 0, _LIST_MAX, read_address, "servers"),
        onions=shape.array(taken["onions"], 0, _LIST_MAX, read_address, "onions"),
        minimum_build=shape.integer(taken["minimum_build"], 0, EPOCH_MAX, "minimum_build"),
        pages=shape.array(taken["pages"], 0, _PAGES_MAX, shape.hex64, "pages"),
        next_roots=_next_roots(taken["next_roots"]),
    )
    check_days(manifest)
    _check_recipients(manifest)
    return manifest


def _check_recipients(manifest: Manifest) -> None:
    if len({laptop.name for laptop in manifest.laptops}) != len(manifest.laptops):
        raise ManifestInvalid("laptops: two laptops share a name")
    if len(manifest.epoch.recipients) != len(manifest.laptops):
        raise ManifestInvalid("epoch: not one recipient a laptop")
    recipients = manifest.epoch.recipients + manifest.carry.recipients
    if len(set(recipients)) != len(recipients):
        raise ManifestInvalid("recipients: one stands twice")
    if manifest.epoch.number < manifest.oldest_epoch:
        raise ManifestInvalid("epoch: it is one that was destroyed")
    if any(hashlib.sha256(r).hexdigest() in manifest.revoked for r in recipients):
        raise ManifestInvalid("recipients: one is revoked")


def _hotline(value: object, where: str) -> Hotline:
    taken = shape.fields(value, ("label", "number"), where)
    label = shape.words(taken["label"], 1, 200, f"{where}.label")
    return Hotline(label, shape.string(taken["number"], 1, 32, f"{where}.number"))


def _next_steps(value: object) -> dict[str, Words]:
    taken = shape.fields(value, FORMS, "next_steps")
    return {form: shape.words(taken[form], 0, 600, f"next_steps.{form}") for form in FORMS}


def _epoch(value: object, low: int, high: int, where: str) -> EpochKeys:
    taken = shape.fields(value, ("number", "from", "until", "grace_until", "recipients"), where)
    return EpochKeys(
        shape.integer(taken["number"], low, high, f"{where}.number"),
        shape.day(taken["from"], f"{where}.from"),
        shape.day(taken["until"], f"{where}.until"),
        shape.day(taken["grace_until"], f"{where}.grace_until"),
        shape.array(taken["recipients"], 1, RECIPIENTS_MAX, _recipient, f"{where}.recipients"),
    )


def _recipient(value: object, where: str) -> bytes:
    return shape.raw(value, RECIPIENT_SIZE, where)


def _laptop(value: object, where: str) -> LaptopKeys:
    taken = shape.fields(value, ("name", "reply", "ack", "outbox"), where)
    keys = (shape.raw(taken[k], ED25519_KEY_SIZE, f"{where}.{k}") for k in ("reply", "ack", "outbox"))
    return LaptopKeys(check_name(shape.string(taken["name"], 1, 64, f"{where}.name")), *keys)


def _named(value: object, where: str) -> tuple[NamedKey, ...]:
    return shape.array(value, 0, _LIST_MAX, named_key, where)


def read_address(value: object, where: str) -> str:
    """Read a base URL: https, or http for an onion or loopback; no path, user, query or trailing slash."""
    text = shape.string(value, 8, 300, where)
    try:
        parts = urlsplit(text)
        host, port = parts.netloc.rpartition(":")[0::2] if parts.port else (parts.netloc, "")
    except ValueError as error:
        raise ManifestInvalid(f"{where}: not a base URL") from error
    plain = host.endswith(".onion") or _LOOPBACK.fullmatch(host)
    if not _HOST.fullmatch(host) or parts.scheme not in (("http", "https") if plain else ("https",)):
        raise ManifestInvalid(f"{where}: not a base URL")
    # urlsplit reads 00443 as 443: the port as a number, so that one address has one spelling.
    if text != f"{parts.scheme}://{host}" + (f":{parts.port}" if port else ""):
        raise ManifestInvalid(f"{where}: not a base URL")
    return text


def _next_roots(value: object) -> NextRoots | None:
    if value is None:
        return None
    taken = shape.fields(value, ("quorum", "roots", "signatures"), "next_roots")
    keys = shape.array(taken["roots"], 1, ROOTS_MAX, named_key, "next_roots.roots")
    roots = Roots(shape.integer(taken["quorum"], 1, ROOTS_MAX, "next_roots.quorum"), keys)
    return NextRoots(roots, shape.array(taken["signatures"], 1, ROOTS_MAX, _signature, "next_roots.signatures"))


def _signature(value: object, where: str) -> Signature:
    if not isinstance(value, list) or len(value) != 2:
        raise ManifestInvalid(f"{where}: not a name and a signature")
    raw = shape.raw(value[1], NOTE_KEY_ID_SIZE + ED25519_SIGNATURE_SIZE, where)
    name = check_name(shape.string(value[0], 1, 64, where))
    return Signature(name, raw[:NOTE_KEY_ID_SIZE], raw[NOTE_KEY_ID_SIZE:])
