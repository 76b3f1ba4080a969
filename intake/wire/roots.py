"""Pinned root keys: who may sign a manifest, and the name of a deployment (SPEC.md section 4.1)."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from intake.wire import shape
from intake.wire.constants import ED25519_KEY_SIZE, LABEL_DEPLOYMENT, ROOTS_MAX
from intake.wire.encoding import b64, strict_json_dumps, strict_json_loads
from intake.wire.errors import EncodingInvalid, ManifestInvalid, NoteInvalid
from intake.wire.note import check_name


@dataclass(frozen=True)
class NamedKey:
    """A 32-byte Ed25519 public key under a name."""

    name: str
    key: bytes

    def json(self) -> dict[str, str]:
        """Return the key as a JSON object {name, key}."""
        return {"name": self.name, "key": b64(self.key)}


def named_key(value: object, where: str) -> NamedKey:
    """Read {name, key}; raise ManifestInvalid otherwise."""
    taken = shape.fields(value, ("name", "key"), where)
    name = shape.string(taken["name"], 1, 64, f"{where}.name")
    try:
        check_name(name)
    except NoteInvalid as error:
        raise ManifestInvalid(f"{where}.name: not a key name") from error
    return NamedKey(name, shape.raw(taken["key"], ED25519_KEY_SIZE, f"{where}.key"))


@dataclass(frozen=True)
class Roots:
    """`quorum` of the root `keys` must sign a manifest; keys are distinct and in the order of their bytes."""

    quorum: int
    keys: tuple[NamedKey, ...]

    def __post_init__(self) -> None:
        raws = [k.key for k in self.keys]
        names = {k.name for k in self.keys}
        if raws != sorted(set(raws)) or len(names) != len(raws):
            raise ManifestInvalid("root keys repeat or are out of order")
        if not 1 <= self.quorum <= len(raws) <= ROOTS_MAX:
            raise ManifestInvalid("the quorum does not fit the number of root keys")

    @cached_property
    def deployment(self) -> str:
        """64 hex: the hash of quorum and root keys that names this deployment."""
        counts = bytes([self.quorum, len(self.keys)])
        joined = b"".join(k.key for k in self.keys)
        return hashlib.sha256(LABEL_DEPLOYMENT.encode() + counts + joined).hexdigest()

    def by_name(self) -> dict[str, bytes]:
        """Return name -> 32-byte public key."""
        return {k.name: k.key for k in self.keys}


def make_roots(quorum: int, keys: list[NamedKey]) -> Roots:
    """Return roots with the keys put in canonical order; raise ManifestInvalid on repeats or a bad quorum."""
    return Roots(quorum, tuple(sorted(keys, key=lambda k: k.key)))


def roots_to_json(roots: Roots, rehearsal: bool) -> str:
    """Return the page's deployment block: what a page, a server and a laptop pin."""
    return strict_json_dumps(
        {
            "deployment": roots.deployment,
            "quorum": roots.quorum,
            "roots": [k.json() for k in roots.keys],
            "rehearsal": rehearsal,
        }
    )


def roots_from_json(untrusted: str) -> tuple[Roots, bool]:
    """Read a deployment block; return the roots and whether this is a rehearsal. Raise ManifestInvalid otherwise."""
    keys = ("deployment", "quorum", "roots", "rehearsal")
    try:
        taken = shape.fields(strict_json_loads(untrusted), keys, "roots")
    except EncodingInvalid as error:
        raise ManifestInvalid("the deployment block is not strict JSON") from error
    named = shape.array(taken["roots"], 1, ROOTS_MAX, named_key, "roots")
    roots = Roots(shape.integer(taken["quorum"], 1, ROOTS_MAX, "quorum"), named)
    if shape.hex64(taken["deployment"], "deployment") != roots.deployment:
        raise ManifestInvalid("the deployment is not the hash of its roots")
    return roots, shape.boolean(taken["rehearsal"], "rehearsal")
