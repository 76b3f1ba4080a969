"""Where things lie on the laptop. One setting: the home folder, `--home` or REVIEWER_HOME.

```
HOME/                    mode 0700
  keys.sealed            the laptop's secrets, under the passphrase
  roots.json             public: the pinned roots (the page's deployment block)
  manifest-<serial>.note public: key manifests, those signed ahead included
  vault/
    vault.db             SQLCipher: small objects, parts, events
    lock                 held while a command works on the vault
    objects/<sha256>.age large sealed objects, as they came
    quarantine/<bundle>/ damaged objects, as they came
    proof/<bundle>/      what proves a fork of the log
```
"""

import os
from dataclasses import dataclass
from pathlib import Path

from intake.reviewer.errors import HomeMissing, HomeUnnamed
from keys.keyfile import check_private_folder

HOME_VARIABLE = "REVIEWER_HOME"
RECEIVING_PREFIX = ".receiving-"


@dataclass(frozen=True)
class Home:
    """The paths of one laptop; nothing is checked or made until asked for."""

    path: Path

    @property
    def key_file(self) -> Path:
        """The laptop's secrets."""
        return self.path / "keys.sealed"

    @property
    def roots(self) -> Path:
        """The pinned roots."""
        return self.path / "roots.json"

    @property
    def vault(self) -> Path:
        """The vault's folder."""
        return self.path / "vault"

    @property
    def database(self) -> Path:
        """The vault's database."""
        return self.vault / "vault.db"

    @property
    def objects(self) -> Path:
        """Large sealed objects."""
        return self.vault / "objects"

    @property
    def quarantine(self) -> Path:
        """Damaged objects."""
        return self.vault / "quarantine"

    @property
    def proof(self) -> Path:
        """What proves a fork."""
        return self.vault / "proof"

    def manifest(self, serial: int) -> Path:
        """The manifest of that serial."""
        return self.path / f"manifest-{serial}.note"

    def check(self) -> None:
        """Raise HomeMissing without a key file, KeyFileLoose when the folder is open to others."""
        if not self.key_file.exists():
            raise HomeMissing
        check_private_folder(self.path)


def find_home(given: str | None) -> Home:
    """Return the home folder named on the command line or in REVIEWER_HOME; raises HomeUnnamed when neither is."""
    name = given or os.environ.get(HOME_VARIABLE)
    if not name:
        raise HomeUnnamed
    return Home(Path(name).absolute())
