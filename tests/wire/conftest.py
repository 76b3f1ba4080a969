"""A deployment made of fixed seeds, for tests of notes, manifests, bundles and outboxes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.wire.manifest import EpochKeys, Hotline, LaptopKeys, Manifest, NamedKey, Roots, Words, make_roots
from intake.wire.note import Signature, key_id, write_note


@dataclass(frozen=True)
class Signer:
    """A named test key."""

    name: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """The 32-byte public key."""
        return self.key.public_key().public_bytes_raw()

    def sign(self, text: str) -> Signature:
        """Signs a note's text."""
        return Signature(self.name, key_id(self.name, self.public), self.key.sign(text.encode()))


def signer(name: str, seed: int) -> Signer:
    return Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


@dataclass(frozen=True)
class Deployment:
    """Three roots of which two must sign, and a manifest."""

    signers: tuple[Signer, ...]
    roots: Roots
    manifest: Manifest

    def note(self, manifest: Manifest | None = None, signers: tuple[Signer, ...] | None = None) -> bytes:
        """The signed note of a manifest, by the first two roots unless told otherwise."""
        text = (manifest or self.manifest).text()
        return write_note(text, [s.sign(text) for s in (signers if signers is not None else self.signers[:2])])


def recipient(seed: int) -> bytes:
    return bytes([seed]) * 1216


def words(text: str) -> Words:
    return Words(f"{text} (қаз)", f"{text} (рус)", text)


def epoch(number: int, first: date, days: int, seeds: list[int]) -> EpochKeys:
    until = first + timedelta(days=days)
    return EpochKeys(number, first, until, until + timedelta(days=14), tuple(recipient(s) for s in seeds))


def make_deployment() -> Deployment:
    """Laptops A and B, one log key, three roots."""
    signers = tuple(signer(f"root-{i}", i) for i in (1, 2, 3))
    roots = make_roots(2, [NamedKey(s.name, s.public) for s in signers])
    first = date(2026, 11, 18)
    laptops = tuple(
        LaptopKeys(name, *(signer(name, base + i).public for i in range(3))) for name, base in (("A", 10), ("B", 20))
    )
    manifest = Manifest(
        deployment=roots.deployment,
        serial=7,
        made=date(2026, 11, 17),
        not_before=first,
        not_after=first + timedelta(days=10),
        rehearsal=True,
        organisation=words("Rehearsal group"),
        hotlines=(Hotline(words("Lawyer"), "+7 700 000 00 00"),),
        next_steps={form: words(f"next {form}") for form in ("saw", "look", "released")},
        epoch=epoch(12, first, 7, [1, 2]),
        carry=epoch(2**31 + 1, first, 90, [3]),
        oldest_epoch=10,
        laptops=laptops,
        couriers=(),
        log_keys=(NamedKey("log-1", signer("log-1", 30).public),),
        receipt_keys=(),
        revoked=("ab" * 32,),
        servers=("https://report.example", "http://127.0.0.1:8080"),
        onions=("http://" + "a" * 56 + ".onion",),
        minimum_build=1,
        pages=("cd" * 32,),
    )
    return Deployment(signers, roots, manifest)


@pytest.fixture(scope="session")
def deployment() -> Deployment:
    """The test deployment."""
    return make_deployment()


@pytest.fixture(scope="session")
def make_signer() -> Callable[[str, int], Signer]:
    """Makes a named key from a small number."""
    return signer
