"""What goes wrong on the laptop. The command prints the sentence after `error:` and the hint after `hint:`.

```
ReviewerError
├── HomeUnnamed           the command was not told where the laptop's folder is
├── HomeMissing           no keys here yet
├── HomeExists            there are keys here already
├── CeremonyMissing       keys for real names are not made by this command
├── NetworkRefused        something tried to reach a network; blocked before it did
├── VaultError
│   ├── VaultLocked           another command is at work on this vault
│   ├── VaultUnreadable       another key, or a damaged file
│   ├── VaultUnsafe           the database would not be encrypted or not be durable
│   └── ChainBroken           an event was changed, removed or put in
├── BundleRefused         the bundle's own signature is missing or wrong: nothing of it was read
├── NotFound              no such report, file or folder
├── CannotAnswer          the report brought no return code
├── NoManifest            no key manifest here that the roots signed
├── RootsMissing          this laptop holds no root keys
├── IndexUnreadable       not a saved index of names
├── NoSuchName            nothing stands at this position of an index
├── ClaimInvalid          a statement about a person, time, place or number breaks its rules
├── ZoneDataUnusable      this machine does not know when Kazakhstan changed its clocks
└── InputInvalid          something given to the command cannot be used
```

KeysError and WireError come through as they are; they carry their own sentences.
"""


class ReviewerError(Exception):
    """The command could not be carried out."""

    hint = ""

    def __str__(self) -> str:
        """Return the sentence of the class, then the detail if there is one."""
        sentence = (type(self).__doc__ or "").strip().splitlines()[0]
        detail = super().__str__()
        return f"{sentence} ({detail})" if detail else sentence


class HomeUnnamed(ReviewerError):
    """The laptop's folder was not named."""

    hint = "name it with --home DIR, before or after the verb, or in REVIEWER_HOME"


class HomeMissing(ReviewerError):
    """There are no keys here."""

    hint = "name another folder with --home or REVIEWER_HOME, or make keys: reviewer keys init --rehearsal --home DIR"


class HomeExists(ReviewerError):
    """There are keys here already; they are never replaced."""

    hint = "choose another folder with --home"


class CeremonyMissing(ReviewerError):
    """Keys for real names need the full ceremony, which this version does not have yet."""

    hint = "add --rehearsal to practise; everything made then says TRAINING, no real names"


class NetworkRefused(ReviewerError):
    """This program may not use a network; the attempt was blocked."""

    hint = "this is a defect or an attack: stop, take the laptop aside, report it"


class VaultError(ReviewerError):
    """The vault cannot be used."""


class VaultLocked(VaultError):
    """Another command is at work on this vault."""

    hint = "wait until it is done"


class VaultUnreadable(VaultError):
    """The vault does not open with this laptop's key, or it is damaged."""

    hint = "do not write to it; take the last backup"


class VaultUnsafe(VaultError):
    """The vault would not be encrypted or not be durable on this machine."""

    hint = "install the laptop kit again; never run without SQLCipher"


class ChainBroken(VaultError):
    """The chain of events in this vault was changed."""

    hint = "stop and keep the vault as it is: it is evidence; take the last backup for work"


class BundleRefused(ReviewerError):
    """The bundle is not from this deployment's server: nothing of it was read."""

    hint = "ask for the bundle again by another way, and tell the people who run the server"


class NotFound(ReviewerError):
    """There is nothing of that name or number here."""

    hint = "reviewer list shows the numbers"


class CannotAnswer(ReviewerError):
    """This report brought no return code, so there is nobody to answer."""

    hint = "the person may send an addition with one; import again later"


class NoManifest(ReviewerError):
    """There is no key manifest here that this deployment's roots signed."""

    hint = "copy manifest-<serial>.note into the folder, or make one: reviewer manifest make"


class RootsMissing(ReviewerError):
    """This laptop holds no root keys."""

    hint = "manifests are made on the first laptop of a rehearsal"


class ClaimInvalid(ReviewerError):
    """A statement about a person, a time, a place or a number is not written as it must be."""


class ZoneDataUnusable(ReviewerError):
    """The time-zone data of this machine is missing or too old."""

    hint = "install Debian's package tzdata, 2024a or newer; until then times would be an hour wrong"


class InputInvalid(ReviewerError):
    """What was given cannot be used."""


class IndexUnreadable(ReviewerError):
    """The saved index of names cannot be read."""

    hint = "Build it again from the names."


class NoSuchName(ReviewerError):
    """No name stands at this position of the index."""
