"""The ring inside the key file, and the epochs it holds."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import pairwise

import pytest

from keys.age import HybridRecipient, open_sealed_bytes, seal_bytes
from keys.epochs import make_carry, make_epoch, make_epochs, public_half
from keys.errors import RingInvalid
from keys.ring import Keyring, Seeds, ring_from_bytes

DAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def ring() -> Keyring:
    roots = {"root-1": bytes(range(32))}
    return Keyring("A", "ab" * 32, True, Seeds.fresh(), make_epochs(1, DAY, 3), make_carry(2**31, DAY), roots)


def test_ring_reads_back_as_written(ring: Keyring) -> None:
    again = ring_from_bytes(ring.to_bytes())
    assert again.to_bytes() == ring.to_bytes()
    assert again.seeds == ring.seeds
    assert [each.identity.seed for each in again.epochs] == [each.identity.seed for each in ring.epochs]
    assert again.public_keys() == ring.public_keys()


def test_ring_shows_no_secret(ring: Keyring) -> None:
    shown = repr(ring)
    for secret in (ring.seeds.vault, ring.seeds.reply, ring.epochs[0].identity.seed, ring.roots["root-1"]):
        assert repr(secret) not in shown
        assert secret.hex() not in shown


def test_labelled_identity_comes_first_and_none_is_left_out(ring: Keyring) -> None:
    for label in (0, 2, 2**31, 99):
        seeds = [each.seed for each in ring.identities(label)]
        assert len(set(seeds)) == 4
    assert ring.identities(2)[0].seed == ring.epochs[1].identity.seed
    assert ring.identities(2**31)[0].seed == ring.carry.identity.seed


def test_every_identity_opens_what_is_sealed_to_it(ring: Keyring) -> None:
    for identity in ring.identities():
        sealed = seal_bytes(b"words", [HybridRecipient(identity.recipient)])
        assert open_sealed_bytes(sealed, ring.identities(), 100) == b"words"


def change(ring: Keyring, edit) -> bytes:
    taken = json.loads(ring.to_bytes())
    edit(taken)
    return json.dumps(taken, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "edit",
    [
        lambda taken: taken.update(version=2),
        lambda taken: taken.update(extra=1),
        lambda taken: taken.pop("carry"),
        lambda taken: taken.update(rehearsal="yes"),
        lambda taken: taken["seeds"].update(reply="AAAA"),
        lambda taken: taken["seeds"].pop("vault"),
        lambda taken: taken["epochs"][0].update(number=2**31),
        lambda taken: taken["carry"].update(number=5),
        lambda taken: taken["epochs"][0].update({"from": "22.11.2026"}),
        lambda taken: taken.update(epochs={}),
        lambda taken: taken.update(laptop=7),
    ],
)
def test_other_ring_is_refused(ring: Keyring, edit) -> None:
    with pytest.raises(RingInvalid):
        ring_from_bytes(change(ring, edit))


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"{}"])
def test_no_ring_is_refused(data: bytes) -> None:
    with pytest.raises(RingInvalid):
        ring_from_bytes(data)


def test_epochs_follow_each_other_without_gap() -> None:
    epochs = make_epochs(5, DAY, 8)
    assert [each.number for each in epochs] == list(range(5, 13))
    assert all(a.until == b.first for a, b in pairwise(epochs))
    assert epochs[0].until - epochs[0].first == timedelta(days=7)
    assert epochs[0].grace_until - epochs[0].until == timedelta(days=14)
    assert len({each.identity.seed for each in epochs}) == 8


def test_carry_lasts_ninety_days() -> None:
    carry = make_carry(2**31, DAY)
    assert carry.until - carry.first == timedelta(days=90)


@pytest.mark.parametrize(
    "make", [lambda: make_epoch(0, DAY), lambda: make_epoch(2**31, DAY), lambda: make_carry(1, DAY)]
)
def test_number_of_the_other_kind_is_refused(make) -> None:
    with pytest.raises(ValueError, match="number"):
        make()


def test_public_half_names_recipients_in_order_and_no_seed() -> None:
    halves = [make_epoch(1, DAY), make_epoch(1, DAY)]
    public = public_half(halves)
    assert public.recipients == tuple(each.identity.recipient for each in halves)
    assert halves[0].identity.seed not in b"".join(public.recipients)


def test_public_half_of_different_epochs_is_refused() -> None:
    with pytest.raises(ValueError, match="agree"):
        public_half([make_epoch(1, DAY), make_epoch(2, DAY)])
