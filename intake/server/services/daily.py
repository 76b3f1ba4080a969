"""What a new day asks for: a signed head, also over nothing new, and the erasing of what is due."""

from datetime import date

from intake.server.logs import Event, log
from intake.server.services.core import Core
from intake.server.services.deletion import erase_due
from intake.server.services.log import close_day
from intake.server.services.offering import Offers


class DailyWork:
    """Does each day's work once in this process; a failed step is tried again at the next call."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._erased_on: date | None = None

    def do(self) -> None:
        """Does what is left of today's work; call it as often as you like, from a thread.

        Raises StorageFull or StorageUnavailable.
        """
        core, day = self._core, self._core.clock()
        head = core.store.write(
            lambda connection: close_day(connection, core.head_signer, core.roots.deployment, day)
        ).result()
        if head is not None:
            log(Event.CLOSED_DAY, head.batch, head.size)
        if self._erased_on != day:
            Offers(core).clear()
            if erased := erase_due(core):
                log(Event.ERASED, erased)
            # The WAL keeps commits in the order they came: it is emptied once a day.
            core.store.forget()
            self._erased_on = day
