"""All secrets of one laptop, as they lie inside its key file: strict JSON, one spelling."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from intake.wire.constants import CARRY_EPOCH_FIRST, IDENTITY_SEED_SIZE
from intake.wire.encoding import b64, day_text, parse_day, strict_json_dumps, strict_json_loads, unb64, unhex
from intake.wire.errors import EncodingInvalid
from intake.wire.manifest import LaptopKeys
from keys import keyfile
from keys.age import HybridIdentity
from keys.epochs import Epoch
from keys.errors import RingInvalid
from keys.signing import AckSigner, ManifestSigner, OutboxSigner, ReplySigner, ReviewerEventSigner

RING_VERSION = 1
SEED_SIZE = 32
_SEEDS = ("reply", "ack", "outbox", "event", "vault")
_KEYS = ("version", "laptop", "deployment", "rehearsal", "seeds", "epochs", "carry", "roots")
_EPOCH_KEYS = ("number", "from", "until", "grace_until", "seed")


@dataclass(frozen=True)
class Seeds:
    """A laptop's five secrets of 32 bytes: four Ed25519 seeds and the key of its vault's database."""

    reply: bytes = field(repr=False)
    ack: bytes = field(repr=False)
    outbox: bytes = field(repr=False)
    event: bytes = field(repr=False)
    vault: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> "Seeds":
        """Return new ones from the operating system's generator."""
        return cls(*(os.urandom(SEED_SIZE) for _ in _SEEDS))


@dataclass(frozen=True)
class Keyring:
    """One laptop's secrets. `deployment` (64 hex) pins its roots; `roots` (name -> seed) only in a rehearsal.

    In a real deployment root keys are held by people and never lie on a laptop.
    """

    laptop: str
    deployment: str
    rehearsal: bool
    seeds: Seeds
    epochs: tuple[Epoch, ...]
    carry: Epoch
    roots: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def identities(self, label: int = 0) -> tuple[HybridIdentity, ...]:
        """Return every live identity, those of the labelled epoch first: a label is a hint, never a filter."""
        ordered = sorted((*self.epochs, self.carry), key=lambda each: each.number != label)
        return tuple(each.identity for each in ordered)

    def labelled(self, label: int) -> tuple[HybridIdentity, ...]:
        """Return the live identity of the labelled epoch alone, none when there is no such."""
        return tuple(each.identity for each in (*self.epochs, self.carry) if each.number == label)

    def public_keys(self) -> LaptopKeys:
        """Return what a manifest says of this laptop."""
        signers = (self.reply_signer, self.ack_signer, self.outbox_signer)
        return LaptopKeys(self.laptop, *(signer.public_key for signer in signers))

    @property
    def reply_signer(self) -> ReplySigner:
        """Signs answers."""
        return ReplySigner(self.laptop, self.seeds.reply)

    @property
    def ack_signer(self) -> AckSigner:
        """Signs that objects are kept."""
        return AckSigner(self.laptop, self.seeds.ack)

    @property
    def outbox_signer(self) -> OutboxSigner:
        """Signs slots for mailboxes."""
        return OutboxSigner(self.laptop, self.seeds.outbox)

    @property
    def event_signer(self) -> ReviewerEventSigner:
        """Signs the events of the vault."""
        return ReviewerEventSigner(self.laptop, self.seeds.event)

    def root_signers(self) -> list[ManifestSigner]:
        """Return the root keys lying here; empty unless this is the first laptop of a rehearsal."""
        return [ManifestSigner(name, seed) for name, seed in self.roots.items()]

    def to_bytes(self) -> bytes:
        """Return the ring as strict JSON. Secret: only keyfile.save may put it on a disk."""
        ring = {
            "version": RING_VERSION,
            "laptop": self.laptop,
            "deployment": self.deployment,
            "rehearsal": self.rehearsal,
            "seeds": {name: b64(getattr(self.seeds, name)) for name in _SEEDS},
            "epochs": [_epoch_json(each) for each in self.epochs],
            "carry": _epoch_json(self.carry),
            "roots": {name: b64(seed) for name, seed in self.roots.items()},
        }
        return strict_json_dumps(ring).encode()


def save_ring(path: Path, ring: Keyring, passphrase: str) -> None:
    """Write a ring to a new key file; raises what keyfile.save raises."""
    keyfile.save(path, ring.to_bytes(), passphrase)


def load_ring(path: Path, passphrase: str) -> Keyring:
    """Read a ring from a key file; raises what keyfile.load raises, and RingInvalid."""
    return ring_from_bytes(keyfile.load(path, passphrase))


def ring_from_bytes(data: bytes) -> Keyring:
    """Read a ring; raises RingInvalid on another version or anything to_bytes would not have written."""
    try:
        taken = _object(strict_json_loads(data.decode()), _KEYS)
        if taken["version"] != RING_VERSION or not isinstance(taken["rehearsal"], bool):
            raise RingInvalid
        ring = Keyring(
            _text(taken["laptop"]),
            unhex(_text(taken["deployment"]), SEED_SIZE).hex(),
            taken["rehearsal"],
            Seeds(*(_seed(each) for each in _object(taken["seeds"], _SEEDS).values())),
            tuple(_epoch(each) for each in _list(taken["epochs"])),
            _epoch(taken["carry"]),
            {name: _seed(each) for name, each in _any_object(taken["roots"]).items()},
        )
    except (EncodingInvalid, UnicodeDecodeError):
        raise RingInvalid from None
    if any(each.number >= CARRY_EPOCH_FIRST for each in ring.epochs) or ring.carry.number < CARRY_EPOCH_FIRST:
        raise RingInvalid("an epoch's number")
    return ring


def _epoch_json(epoch: Epoch) -> dict[str, object]:
    days = [day_text(day) for day in (epoch.first, epoch.until, epoch.grace_until)]
    return dict(zip(_EPOCH_KEYS, [epoch.number, *days, b64(epoch.identity.seed)], strict=True))


def _epoch(value: object) -> Epoch:
    taken = _object(value, _EPOCH_KEYS)
    number, seed = taken["number"], unb64(_text(taken["seed"]), IDENTITY_SEED_SIZE)
    if not isinstance(number, int) or isinstance(number, bool):
        raise RingInvalid("an epoch's number")
    first, until, grace_until = (parse_day(_text(taken[key])) for key in _EPOCH_KEYS[1:4])
    return Epoch(number, HybridIdentity(seed), first, until, grace_until)


def _seed(value: object) -> bytes:
    return unb64(_text(value), SEED_SIZE)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise RingInvalid("a field of another type")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise RingInvalid("a field of another type")
    return value


def _any_object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise RingInvalid("a field of another type")
    return value


def _object(value: object, keys: tuple[str, ...]) -> dict[str, object]:
    taken = _any_object(value)
    if tuple(taken) != keys:
        raise RingInvalid("the fields are not the expected ones")
    return taken
