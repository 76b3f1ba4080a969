"""What may be logged: lines of an allow-list, with no time, no address, no request and no traceback.

A line of ours is one of `Event`; a line of another library is printed only when its text is known to hold nothing of a
request, else its logger's name and the kind of its exception are all that is told.
"""

import logging
import sys
from enum import StrEnum
from typing import Final

_OTHERS: Final = frozenset(
    {
        "Application startup complete.",
        "Application startup failed. Exiting.",
        "Application shutdown complete.",
        "Application shutdown failed. Exiting.",
        "Cancel %s running task(s), timeout graceful shutdown exceeded",
        "Finished server process [%d]",
        "Shutting down",
        "Started server process [%d]",
        "Waiting for application shutdown.",
        "Waiting for application startup.",
        "Waiting for background tasks to complete. (CTRL+C to force quit)",
        "Waiting for connections to close. (CTRL+C to force quit)",
    }
)
"""Templates of uvicorn whose arguments are process ids and counts."""

_NAME: Final = "intake.server"


class Event(StrEnum):
    """Everything this room logs; counts and kinds of errors are the only arguments."""

    LISTENING = "listening on port %d"
    UNEXPECTED = "unexpected error: %s"
    CLOSED_DAY = "batch %d closed, %d objects in the log"
    ERASED = "%d objects erased"
    EXPIRED = "%d unfinished uploads expired"
    MEASURED = "%d unfinished uploads measured"
    SEALED = "%d uploads were whole: sealed now"
    LOST = "%d unfinished uploads had lost their file: forgotten"
    RESERVATIONS = "%d reservations without a record removed"
    LEFTOVERS = "%d erased media were still there: removed"
    UNRECORDED = "%d media files have no record: left as they are"
    DAMAGED = "%d stored media are missing or cut off"
    BUCKET_AWAY = "media stay in the spool: the bucket does not answer: %s"
    NOT_LOOKED_AT = "a store did not answer: not everything was looked at"
    NOT_MOVED = "%d media differ from their record, here or in the bucket: kept in the spool"
    PAGE_REFUSED = "the page in DIR/page is not served: %s"
    DAILY_FAILED = "daily work failed: %s"
    KEY_UNLISTED = "the log key is not in the newest manifest: no laptop will take bundles"
    NO_MANIFEST = "no key manifest is in force: only files without an epoch are taken"
    NO_PAGE = "no page is installed: intake page --from installs one"


class AllowList(logging.Formatter):
    """Formats what is allowed, and withholds the rest."""

    def format(self, record: logging.LogRecord) -> str:
        """One line without time stamps; never an exception's text or traceback, which may hold a request."""
        if record.name == _NAME or record.msg in _OTHERS:
            return f"{record.levelname.lower()}: {record.getMessage()}"
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "no exception"
        return f"{record.levelname.lower()}: {record.name}: a message was withheld ({kind})"


def configure_logging() -> None:
    """Sends every logger of this process through the allow-list to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(AllowList())
    handler.addFilter(_is_no_complaint)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio"):
        other = logging.getLogger(name)
        other.handlers, other.propagate = [], name != "uvicorn.access"
    logging.captureWarnings(True)


def _is_no_complaint(record: logging.LogRecord) -> bool:
    # Both complain of requests that are not as they should be: even of a withheld line a journal keeps the second.
    complains = record.name.startswith(("uvicorn.error", "python_multipart"))
    return not complains or record.levelno >= logging.ERROR or record.msg in _OTHERS


def log(event: Event, *values: int | str, level: int = logging.INFO) -> None:
    """Logs one event; `values` are counts or names of exception classes, never anything of a request."""
    logging.getLogger(_NAME).log(level, event, *values)
