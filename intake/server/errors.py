"""What can go wrong on the server.

```
ServerError
├── Refusal               a request is refused under one of the names of intake.wire.problems; nothing else changed
│   ├── WrongOffset       an upload goes on at another byte; carries the right one
│   └── PuzzleNeeded      under pressure, work must be shown first; carries the puzzle
├── BodyCut               the connection ended, or a newer request took over, before the body did
├── StorageFull           no room left
├── StorageUnavailable    the database or the disk does not answer as it should
├── FolderInvalid         the data folder is missing, incomplete or open to others
│   └── FolderBusy        another server or command has it
├── PortUnusable          another program has the port, or it is not for everybody
├── StoresInvalid         stores.json names a database or a bucket that may not be used so
├── MoveFailed            the stores were not moved; those before stay in use
├── ManifestRefused       a key manifest may not be added
├── PageRefused           a built page cannot be installed or served
├── OutboxRefused         an outbox may not be applied; nothing was changed
│   └── OutboxReplayed    it, or a later one of its kind, was applied before; nothing was changed
└── ExportFailed          a bundle could not be written
    └── LaptopUnknown     it was wanted for a laptop that the manifest does not name
```

The docstring of each class is the sentence a person sees; `hint` says what to do about it. The argument is a detail
in plain words and never holds bytes of a request, an address, a file name or a key, so every message may be logged.
"""

from intake.wire.puzzle import Puzzle


class ServerError(Exception):
    """The server could not do this."""

    hint = "see intake/server/README.md"

    def __str__(self) -> str:
        """The sentence of the class, then the detail in brackets if there is one."""
        sentence = (type(self).__doc__ or "").strip()
        detail = super().__str__()
        return f"{sentence} ({detail})" if detail else sentence


class Refusal(ServerError):
    """This request is refused."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class WrongOffset(Refusal):
    """The upload goes on at another byte."""

    def __init__(self, offset: int) -> None:
        super().__init__("offset-mismatch")
        self.offset = offset


class PuzzleNeeded(Refusal):
    """The server is under pressure and asks for work first."""

    def __init__(self, puzzle: Puzzle) -> None:
        super().__init__("puzzle-needed")
        self.puzzle = puzzle


class BodyCut(ServerError):
    """The body of the request ended too early."""

    def __init__(self, taken_over: bool) -> None:
        super().__init__()
        self.taken_over = taken_over


class StorageFull(ServerError):
    """There is no room left."""

    hint = "free space on the disk of the data folder; nothing acknowledged was lost"


class StorageUnavailable(ServerError):
    """The store does not answer as it should."""

    hint = "look at the disk of the data folder, the database or the bucket, then try again"


class FolderInvalid(ServerError):
    """This is not a usable data folder."""

    hint = "intake init --data DIR --roots FILE makes one"


class FolderBusy(FolderInvalid):
    """This data folder is in use."""

    hint = "stop the other server, or wait until the other command is done, then try again; the folder is sound"


class PortUnusable(ServerError):
    """The server cannot listen on this port."""

    hint = "choose another with --port; 0 takes a free one and says which"


class StoresInvalid(ServerError):
    """The stores that were named cannot be used."""

    hint = "intake/server/STORAGE.md says what stores.json may hold"


class MoveFailed(ServerError):
    """The stores were not moved."""

    hint = "the stores before stay in use and are unchanged; intake move may be run again"


class ManifestRefused(ServerError):
    """This key manifest cannot be added."""

    hint = "only a manifest that a quorum of this deployment's roots signed is taken; nothing was changed"


class PageRefused(ServerError):
    """This page cannot be served."""

    hint = "intake page --data DIR --from FOLDER installs a built page; the page served before stays"


class OutboxRefused(ServerError):
    """This outbox is refused."""

    hint = "nothing was changed; ask the laptop for a new outbox"


class OutboxReplayed(OutboxRefused):
    """This outbox, or a later one of its kind, was applied before."""

    hint = "nothing was changed, and nothing need be done if it was applied; else: reviewer outbox --again"


class ExportFailed(ServerError):
    """The bundle could not be written."""

    hint = "choose an empty folder with enough room and try again"


class LaptopUnknown(ExportFailed):
    """The key manifest in force names no such laptop."""

    hint = "intake status --data DIR prints the names of the laptops"
