"""What may be logged: events of an allow-list, each with the fields it declares; no time, address, request, traceback.

One logfmt line each, `level=info event=listening port=8400`. A line of another library is printed only when its text is
known to hold nothing of a request, else its logger's name and the kind of its exception are all that is told.
"""

import logging
import re
import sys
from enum import Enum
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
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")
_WITHHELD: Final = "withheld"
Fields = dict[str, type[int] | type[str]]
_NO_FIELDS: Final[Fields] = {}


class Event(Enum):
    """Everything this room logs: the event's name and its fields, `int` for counts and days' ages, `str` for the name
    of an exception class. OPERATING.md says what each means.
    """

    WAITING = "waiting-for-the-folder", _NO_FIELDS
    LISTENING = "listening", {"port": int}
    UNEXPECTED = "unexpected-error", {"kind": str}
    CLOSED_DAY = "batch-closed", {"batch": int, "leaves": int}
    ERASED = "erased", {"objects": int, "mailboxes": int}
    UNACKED = "unacked", {"objects": int, "oldest_days": int}
    EXPIRED = "uploads-expired", {"uploads": int}
    MEASURED = "uploads-measured", {"uploads": int}
    SEALED = "uploads-completed", {"uploads": int}
    LOST = "uploads-lost", {"uploads": int}
    RESERVATIONS = "reservations-removed", {"reservations": int}
    LEFTOVERS = "erasures-finished", {"media": int}
    UNRECORDED = "media-unrecorded", {"media": int}
    DAMAGED = "media-damaged", {"media": int}
    BUCKET_AWAY = "bucket-away", {"kind": str}
    NOT_LOOKED_AT = "stores-not-looked-at", _NO_FIELDS
    NOT_MOVED = "media-not-moved", {"media": int}
    PAGE_REFUSED = "page-refused", {"kind": str}
    DAILY_FAILED = "daily-failed", {"kind": str}
    KEY_UNLISTED = "log-key-unlisted", _NO_FIELDS
    RECEIPT_KEY_UNLISTED = "receipt-key-unlisted", _NO_FIELDS
    NO_MANIFEST = "no-manifest", _NO_FIELDS
    NO_PAGE = "no-page", _NO_FIELDS

    def __init__(self, label: str, fields: Fields) -> None:
        self.label = label
        self.fields = fields

    def line(self, *values: int | str) -> str:
        """`event=… field=…`; a value that is not what its field declares is withheld.

        Raises TypeError for another number of values than it has fields.
        """
        if len(values) != len(self.fields):
            raise TypeError(f"{self.name} has {len(self.fields)} fields")
        pairs = zip(self.fields.items(), values, strict=True)
        told = (f" {name}={_told(kind, value)}" for (name, kind), value in pairs)
        return f"event={self.label}" + "".join(told)


def _told(kind: type[int] | type[str], value: int | str) -> int | str:
    fits = type(value) is kind and (isinstance(value, int) or _WORD.fullmatch(value))
    return value if fits else _WITHHELD


class AllowList(logging.Formatter):
    """Formats what is allowed, and withholds the rest."""

    def format(self, record: logging.LogRecord) -> str:
        """One line without time stamps; never an exception's text or traceback, which may hold a request."""
        return f"level={record.levelname.lower()} {_text(record)}"


def _text(record: logging.LogRecord) -> str:
    event = getattr(record, "intake_event", None)
    if record.name == _NAME and isinstance(event, Event):
        return event.line(*getattr(record, "intake_values", ()))
    if record.msg in _OTHERS:
        return f'event=server text="{record.getMessage()}"'
    kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "none"
    return f"event=withheld logger={_told(str, record.name)} kind={_told(str, kind)}"


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
    extra = {"intake_event": event, "intake_values": values}
    logging.getLogger(_NAME).log(level, "%s", event.line(*values), extra=extra)
