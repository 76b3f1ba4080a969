"""What a new day asks for: a signed head, also over nothing new, and the erasing of what is due."""

import logging
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Final

from sqlalchemy import Connection

from intake.server.logs import Event, log
from intake.server.services.core import Core
from intake.server.services.expiry import expire_unfinished
from intake.server.services.log import close_day, close_full
from intake.server.services.offering import Offers
from intake.server.services.replies import release_due
from intake.server.services.retention import expire, oldest_unacked
from intake.wire.log import Head

TICK_SECONDS: Final = 30
"""How often a server does what is to be done from time to time."""


def tick(core: Core) -> None:
    """What a running server does at every tick: lets batches of answers go, each after a memoryless delay, and closes a
    batch of the log that is full.

    Raises StorageFull or StorageUnavailable.
    """
    chance = min(1.0, TICK_SECONDS / (60 * max(core.settings.reply_delay_minutes, 0.001)))
    release = partial(release_due, secret=core.decoy_secret, day=core.clock(), chance=chance)
    # Not logged: a journal would keep the second at which answers appeared.
    core.store.write(release, alone=True).result()
    # Nor this one: it would keep the second at which so many objects had come.
    core.store.write(_closing(close_full, core), alone=True).result()


def _closing(close: Callable[..., Head | None], core: Core) -> Callable[[Connection], Head | None]:
    return partial(close, signer=core.head_signer, deployment=core.roots.deployment, day=core.clock())


def _tell_unacked(core: Core) -> None:
    """Says once a day that objects wait for a laptop for longer than the operator wants."""
    count, oldest = core.store.read(oldest_unacked)
    age = (core.clock() - oldest).days if oldest else 0
    if age > core.settings.unacked_days:
        log(Event.UNACKED, count, age, level=logging.WARNING)


class DailyWork:
    """Does each day's work once in this process; a failed step is tried again at the next call."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._erased_on: date | None = None
        self._forgotten_on: date | None = None

    def do(self) -> None:
        """Does what is left of today's work; call it as often as you like, from a thread.

        Raises StorageFull or StorageUnavailable.
        """
        core, day = self._core, self._core.clock()
        core.room.for_work()
        if head := core.store.write(_closing(close_day, core), alone=True).result():
            log(Event.CLOSED_DAY, head.batch, head.size)
        if self._erased_on != day:
            Offers(core).clear()
            gone = expire(core)
            log(Event.ERASED, gone.objects, gone.mailboxes)
            if expired := expire_unfinished(core):
                log(Event.EXPIRED, expired)
            _tell_unacked(core)
            self._erased_on = day
        # The WAL keeps commits in the order they came: it is emptied once a day, later when a reader is in the way.
        if self._forgotten_on != day and core.store.forget():
            self._forgotten_on = day
