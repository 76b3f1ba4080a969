"""Which stores a data folder has: the embedded ones, or what DIR/stores.json names (STORAGE.md)."""

import json
import re
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from intake.server.errors import StoresInvalid
from intake.server.settings import Folder, replace_private

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")
_TLS_MODE = "verify-full"
_PARAMETERS = frozenset({"host", "user", "sslmode", "sslrootcert", "sslcert", "sslkey"})
"""Others, hostaddr or service for example, could lead elsewhere than the host says."""


@dataclass(frozen=True, repr=False)
class Bucket:
    """A bucket of an S3-compatible store; `prefix` keeps several servers' blobs in one bucket apart."""

    endpoint: str
    bucket: str
    region: str
    key_id: str
    secret: str
    prefix: str = ""
    allow_http: bool = False

    def check(self) -> None:
        """Raises StoresInvalid for an endpoint without TLS, unless it is on this machine and `allow_http` is set."""
        place = _place_of(self.endpoint)
        is_near = self.allow_http and place.hostname in _LOOPBACK
        if place.scheme != "https" and not (place.scheme == "http" and is_near):
            raise StoresInvalid("the bucket's endpoint is not https; allow_http is for this machine's own addresses")
        if not self.bucket or self.prefix.startswith("/") or self.prefix.endswith("/"):
            raise StoresInvalid("the bucket has no name, or its prefix begins or ends with a slash")


@dataclass(frozen=True, repr=False)
class Stores:
    """`database`: a postgresql:// URL; None is SQLite in the folder. `bucket`: None keeps blobs in the folder."""

    database: str | None = None
    bucket: Bucket | None = None

    def check(self) -> None:
        """Raises StoresInvalid for what is not PostgreSQL, or would be reached over a line without TLS."""
        if self.bucket is not None:
            self.bucket.check()
        if self.database is not None:
            _check_database(self.database)

    def text(self) -> str:
        """As stores.json holds it; names passwords."""
        filled = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(filled, indent=2) + "\n"


def _place_of(endpoint: str) -> SplitResult:
    """An address with a host and nothing but a port beside it: the client of buckets panics over any other."""
    try:
        place = urlsplit(endpoint)
        if _HOST.fullmatch(place.hostname or "") and "@" not in place.netloc and place.port != 0:
            return place
    except ValueError:
        pass
    raise StoresInvalid("the bucket's endpoint is not an address with a host")


def _check_database(text: str) -> None:
    try:
        url = make_url(text)
        host = url.host or url.query.get("host", "")
    except (ArgumentError, ValueError):
        raise StoresInvalid("the database is not a postgresql:// URL") from None
    if url.drivername != "postgresql" or not url.database:
        raise StoresInvalid("the database is not a postgresql:// URL with a name")
    if not isinstance(host, str) or "," in host or (url.host and "host" in url.query):
        raise StoresInvalid("the database has more than one host")
    if not _PARAMETERS.issuperset(url.query):
        raise StoresInvalid(f"the database's URL may have the parameters {', '.join(sorted(_PARAMETERS))}")
    if host and not host.startswith("/") and host not in _LOOPBACK and url.query.get("sslmode") != _TLS_MODE:
        raise StoresInvalid(f"the database is on another machine: its URL must say sslmode={_TLS_MODE}")


def read_stores(path: Path) -> Stores:
    """What a file like stores.json names; the embedded stores when it is missing. Raises StoresInvalid."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Stores()
    except (OSError, UnicodeDecodeError):
        raise StoresInvalid("the file cannot be read") from None
    return parse_stores(text)


def read_private_stores(path: Path) -> Stores:
    """What a file that must be there names; raises StoresInvalid, also when other users may read its passwords."""
    if not path.is_file():
        raise StoresInvalid("there is no such file")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise StoresInvalid("other users of this machine may read the file")
    return read_stores(path)


def parse_stores(text: str) -> Stores:
    """Reads the text of stores.json; raises StoresInvalid for anything it does not know, never quoting it."""
    try:
        values = json.loads(text, object_pairs_hook=_once)
        if not isinstance(values, dict):
            raise StoresInvalid("it is not a JSON object")
        database, bucket = values.pop("database", None), values.pop("bucket", None)
        if values or not isinstance(database, str | None) or not isinstance(bucket, dict | None):
            raise StoresInvalid("it may hold database, a text, and bucket, an object")
        stores = Stores(database, None if bucket is None else Bucket(**bucket))
    except (TypeError, ValueError, RecursionError):
        raise StoresInvalid("it is not JSON, or has a field that is missing, unknown or there twice") from None
    _check_types(stores.bucket)
    stores.check()
    return stores


def _check_types(bucket: Bucket | None) -> None:
    for name, value in asdict(bucket).items() if bucket else ():
        if type(value) is not (bool if name == "allow_http" else str):
            raise StoresInvalid("a field of the bucket is not a text, or allow_http not true or false")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError
    return dict(pairs)


def write_stores(folder: Folder, stores: Stores) -> None:
    """Writes stores.json durably and at once, for its owner alone."""
    replace_private(folder.stores, stores.text().encode())
