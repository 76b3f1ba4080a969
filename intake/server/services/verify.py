"""`intake verify`: the store against the log, byte by byte, while the server runs or not.

Nothing that was acknowledged is ever removed here. What is in flight while a server runs is looked at twice, and what
only a server that begins can tell from requests in flight (reservations) is left to its start.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator

from intake.server.services.core import Core
from intake.server.services.findings import Check, Findings
from intake.server.services.verify_log import check_log
from intake.server.services.verify_objects import check_objects
from intake.server.services.verify_rest import check_acks, check_mailboxes
from intake.server.services.verify_uploads import check_uploads
from intake.server.settings import PRIVATE_FILE_MODE, Settings


def verify(core: Core, mend: bool, tell: Callable[[str], None]) -> Findings:
    """Reads everything that is stored and names what is wrong with it; with `mend` makes good what it safely can.

    Raises StorageUnavailable, StorageFull.
    """
    found = Findings()
    with _hold_if_free(core.settings) as alone:
        check = Check(core, found, mend, alone, tell)
        # Uploads first: what they bring back is an object then, and is read with the others.
        for step in (check_uploads, check_objects, check_log, check_acks, check_mailboxes):
            step(check)
    return found


@contextlib.contextmanager
def _hold_if_free(settings: Settings) -> Iterator[bool]:
    """Whether no server runs on the folder; while it holds the lock none can begin."""
    handle = os.open(settings.folder.serve_lock, os.O_RDWR | os.O_CREAT, PRIVATE_FILE_MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)
