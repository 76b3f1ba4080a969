"""What a key manifest says, as plain values: SPEC.md section 4. Reading and verifying stand in manifest.py."""

from dataclasses import dataclass
from datetime import date, timedelta

from intake.wire.constants import CARRY_EPOCH_FIRST, MANIFEST_GRACE_DAYS, PURPOSE_MANIFEST
from intake.wire.encoding import b64, day_text, strict_json_dumps
from intake.wire.errors import ManifestInvalid
from intake.wire.note import Signature
from intake.wire.roots import NamedKey, Roots
from intake.wire.shape import Words


@dataclass(frozen=True)
class EpochKeys:
    """An epoch's public half: number, days, and 1 to 3 recipients of 1,216 bytes, one a laptop."""

    number: int
    first: date
    until: date
    grace_until: date
    recipients: tuple[bytes, ...]

    @property
    def is_carry(self) -> bool:
        """Whether this is a carry epoch (number from 2^31)."""
        return self.number >= CARRY_EPOCH_FIRST

    def json(self) -> dict[str, object]:
        """Return the epoch as the JSON object of the manifest."""
        return {
            "number": self.number,
            "from": day_text(self.first),
            "until": day_text(self.until),
            "grace_until": day_text(self.grace_until),
            "recipients": [b64(r) for r in self.recipients],
        }


@dataclass(frozen=True)
class LaptopKeys:
    """A laptop's name and its three 32-byte Ed25519 public keys, one a purpose."""

    name: str
    reply: bytes
    ack: bytes
    outbox: bytes

    def json(self) -> dict[str, str]:
        """Return the keys as the JSON object of the manifest."""
        return {"name": self.name, "reply": b64(self.reply), "ack": b64(self.ack), "outbox": b64(self.outbox)}


@dataclass(frozen=True)
class Hotline:
    """A telephone number with its label in three languages."""

    label: Words
    number: str


@dataclass(frozen=True)
class NextRoots:
    """The next root set, with signatures by the old roots over its deployment text."""

    roots: Roots
    signatures: tuple[Signature, ...]


@dataclass(frozen=True)
class Manifest:
    """All fields of a manifest, in the order of SPEC.md section 4. Holding one says nothing about who signed it."""

    deployment: str
    serial: int
    made: date
    not_before: date
    not_after: date
    rehearsal: bool
    organisation: Words
    hotlines: tuple[Hotline, ...]
    next_steps: dict[str, Words]
    epoch: EpochKeys
    carry: EpochKeys
    oldest_epoch: int
    laptops: tuple[LaptopKeys, ...]
    couriers: tuple[NamedKey, ...]
    log_keys: tuple[NamedKey, ...]
    receipt_keys: tuple[NamedKey, ...]
    revoked: tuple[str, ...]
    servers: tuple[str, ...]
    onions: tuple[str, ...]
    minimum_build: int
    pages: tuple[str, ...]
    next_roots: NextRoots | None = None

    def text(self) -> str:
        """Return the canonical note text that the roots sign."""
        return f"{PURPOSE_MANIFEST}\n{strict_json_dumps(self.json())}\n"

    def json(self) -> dict[str, object]:
        """Return the manifest as a JSON object with the keys in their fixed order."""
        return {
            "deployment": self.deployment,
            "serial": self.serial,
            "made": day_text(self.made),
            "not_before": day_text(self.not_before),
            "not_after": day_text(self.not_after),
            "rehearsal": self.rehearsal,
            "organisation": self.organisation.json(),
            "hotlines": [{"label": h.label.json(), "number": h.number} for h in self.hotlines],
            "next_steps": {form: w.json() for form, w in self.next_steps.items()},
            "epoch": self.epoch.json(),
            "carry": self.carry.json(),
            "oldest_epoch": self.oldest_epoch,
            "laptops": [laptop.json() for laptop in self.laptops],
            **self._keys_json(),
            "revoked": list(self.revoked),
            "servers": list(self.servers),
            "onions": list(self.onions),
            "minimum_build": self.minimum_build,
            "pages": list(self.pages),
            "next_roots": _next_roots_json(self.next_roots),
        }

    def _keys_json(self) -> dict[str, object]:
        groups = {"couriers": self.couriers, "log_keys": self.log_keys, "receipt_keys": self.receipt_keys}
        return {name: [k.json() for k in keys] for name, keys in groups.items()}

    def epoch_by_number(self, number: int) -> EpochKeys | None:
        """Return the epoch or carry epoch of that number, None when this manifest names neither so."""
        return next((e for e in (self.epoch, self.carry) if e.number == number), None)

    def laptop(self, name: str) -> LaptopKeys | None:
        """Return a laptop's keys, None when this manifest does not name it."""
        return next((laptop for laptop in self.laptops if laptop.name == name), None)


def _next_roots_json(following: NextRoots | None) -> dict[str, object] | None:
    if following is None:
        return None
    signatures = [[s.name, b64(s.key_id + s.signature)] for s in following.signatures]
    roots = [k.json() for k in following.roots.keys]
    return {"quorum": following.roots.quorum, "roots": roots, "signatures": signatures}


def check_days(manifest: Manifest) -> None:
    """Raise ManifestInvalid when days contradict each other or the manifest outlives its epoch by over 3 days."""
    for epoch in (manifest.epoch, manifest.carry):
        if not epoch.first < epoch.until <= epoch.grace_until:
            raise ManifestInvalid("an epoch's days are out of order")
    # Not until + 3 days: that overflows at the end of the calendar, before anybody has looked at a signature.
    outlives = manifest.not_after - manifest.epoch.until > timedelta(days=MANIFEST_GRACE_DAYS)
    if outlives or manifest.not_before > manifest.not_after:
        raise ManifestInvalid("a manifest's days are out of order")
