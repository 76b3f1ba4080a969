"""Epoch keys: a week's identity of one laptop, made ahead, so that it can be destroyed afterwards.

Each laptop makes its own from the system's generator; numbers and days agree between laptops, seeds never do.
A destroyed identity leaves captured ciphertext of its week closed for ever (design: forward secrecy of an offline
reader). The carry epoch is the long-lived identity that a phone cut off from every server seals to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from intake.wire.constants import CARRY_DAYS, CARRY_EPOCH_FIRST, EPOCH_DAYS, EPOCH_GRACE_DAYS
from intake.wire.manifest import EpochKeys
from keys.age import HybridIdentity


@dataclass(frozen=True)
class Epoch:
    """One laptop's identity (secret) with the days it is for: from `first` up to, not including, `until`."""

    number: int
    identity: HybridIdentity
    first: date
    until: date
    grace_until: date


def make_epoch(number: int, first: date, days: int = EPOCH_DAYS) -> Epoch:
    """Make epoch `number` (1 .. 2^31-1) with a new identity; reports sealed to it may arrive 14 days late."""
    if not 1 <= number < CARRY_EPOCH_FIRST:
        raise ValueError("not the number of an epoch")
    return _make(number, first, days)


def make_carry(number: int, first: date, days: int = CARRY_DAYS) -> Epoch:
    """Make carry epoch `number` (from 2^31) with a new identity, 90 days unless told otherwise."""
    if number < CARRY_EPOCH_FIRST:
        raise ValueError("not the number of a carry epoch")
    return _make(number, first, days)


def make_epochs(number: int, first: date, count: int) -> tuple[Epoch, ...]:
    """Make `count` epochs of 7 days on end, the first numbered `number` and beginning on `first`."""
    return tuple(make_epoch(number + i, first + timedelta(days=EPOCH_DAYS * i)) for i in range(count))


def public_half(epochs: Sequence[Epoch]) -> EpochKeys:
    """Return what a manifest says of one epoch, given every laptop's own half in the laptops' order."""
    days = {(each.number, each.first, each.until, each.grace_until) for each in epochs}
    if len(days) != 1:
        raise ValueError("the laptops do not agree on the epoch's number and days")
    number, first, until, grace_until = days.pop()
    return EpochKeys(number, first, until, grace_until, tuple(each.identity.recipient for each in epochs))


def _make(number: int, first: date, days: int) -> Epoch:
    until = first + timedelta(days=days)
    grace_until = until + timedelta(days=EPOCH_GRACE_DAYS)
    return Epoch(number, HybridIdentity.generate(), first, until, grace_until)
