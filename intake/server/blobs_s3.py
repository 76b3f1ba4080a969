"""Sealed media in a bucket of an S3-compatible store; the local folder stays the spool for parts and fresh blobs.

A sealed blob is copied to the bucket, read back, compared with the SHA-256 of its record, and only then freed here:
at every moment, and after a kill at any moment, it is whole in one of the two places. Whoever copies or erases a blob
holds a lock on its local file, so several processes may do so.
"""

import contextlib
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import S3Store

from intake.server.blobs import FolderBlobs, Part, blob_name, digest_of, named_ids
from intake.server.errors import StorageUnavailable
from intake.server.stores import Bucket

_PIECE_SIZE: Final = 1 << 20
_RANGE_SIZE: Final = 8 << 20
_ONE_PUT_MAX_SIZE: Final = 16 << 20
_PARTS_AT_ONCE: Final = 2
_REQUEST_SECONDS: Final = 120
_RETRY_SECONDS: Final = 10
_AWAY_SECONDS: Final = 10


class S3Blobs:
    """A spool and a bucket that act as one blob store."""

    def __init__(self, spool: FolderBlobs, bucket: Bucket) -> None:
        self._spool = spool
        self._away_until = 0.0
        self._bucket = S3Store(
            bucket.bucket,
            prefix=bucket.prefix or None,
            endpoint=bucket.endpoint,
            region=bucket.region,
            access_key_id=bucket.key_id,
            secret_access_key=bucket.secret,
            virtual_hosted_style_request=False,
            client_options={
                "allow_http": bucket.allow_http,
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=_REQUEST_SECONDS),
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=_RETRY_SECONDS)},
        )

    def reserve(self, blob_id: bytes, size: int, day: date) -> None:
        """As BlobStore says, in the spool: it takes media as long as it has room, whatever the bucket does."""
        self._spool.reserve(blob_id, size, day)

    def open_part(self, blob_id: bytes) -> Part:
        """As BlobStore says."""
        return self._spool.open_part(blob_id)

    def seal(self, blob_id: bytes, size: int, day: date) -> None:
        """As BlobStore says, in the spool."""
        self._spool.seal(blob_id, size, day)

    def discard(self, blob_id: bytes) -> None:
        """As BlobStore says."""
        self._spool.discard(blob_id)

    def part_size(self, blob_id: bytes) -> int | None:
        """As BlobStore says."""
        return self._spool.part_size(blob_id)

    def parts(self, idle_seconds: int = 0) -> set[bytes]:
        """As BlobStore says."""
        return self._spool.parts(idle_seconds)

    def erase(self, blob_id: bytes) -> None:
        """As BlobStore says, in both places; a bucket that keeps versions keeps the bytes (STORAGE.md)."""
        with self._spool.held(blob_id, wait=True):
            # Gone here first: nobody can then copy it to the bucket once more.
            self._spool.erase(blob_id)
        try:
            with self._answers():
                obstore.delete(self._bucket, blob_name(blob_id))
        except FileNotFoundError:
            self._confirm()

    def read(self, blob_id: bytes) -> Iterator[bytes]:
        """As BlobStore says; a bucket that does not answer raises StorageUnavailable, never FileNotFoundError."""
        try:
            yield from self._spool.read(blob_id)
        except FileNotFoundError:
            yield from self._fetch(blob_id)

    def sealed_size(self, blob_id: bytes) -> int | None:
        """As BlobStore says."""
        here = self._spool.sealed_size(blob_id)
        size = self._remote_size(blob_id) if here is None else here
        if size is None:
            self._confirm()
        return size

    def sealed_sizes(self) -> dict[bytes, int]:
        """As BlobStore says; one listing of the bucket, a thousand names a request."""
        here = self._spool.sealed_sizes()
        found: dict[bytes, int] = {}
        self._confirm()
        with self._answers():
            for page in obstore.list(self._bucket):
                sizes = {entry["path"]: entry["size"] for entry in page}
                found |= {blob_id: sizes[name] for blob_id, name in named_ids(sizes).items()}
        return found | here

    def sealed(self) -> set[bytes]:
        """As BlobStore says."""
        return set(self.sealed_sizes())

    def waiting(self) -> set[bytes]:
        """As BlobStore says: what is in the spool."""
        return self._spool.sealed()

    def offload(self, blob_id: bytes, sha256: bytes, keep: bool = False) -> bool:
        """As BlobStore says: hash, create-only put, hash of what the bucket gives back, unlink."""
        with self._spool.held(blob_id, wait=False) as mine:
            if not mine:
                # Another process is at it, or was first.
                return True
            if digest_of(self._spool.read(blob_id)) != sha256:
                return False
            if self._remote_size(blob_id) is None:
                self._put(blob_id)
            if digest_of(self._fetch(blob_id)) != sha256:
                return False
            if not keep:
                self._spool.erase(blob_id)
            return True

    def _put(self, blob_id: bytes) -> None:
        name, path = blob_name(blob_id), self._spool.sealed_path(blob_id)
        try:
            with contextlib.suppress(AlreadyExistsError), self._answers():
                if path.stat().st_size <= _ONE_PUT_MAX_SIZE:
                    obstore.put(self._bucket, name, path.read_bytes(), mode="create")
                else:
                    obstore.put(self._bucket, name, path, chunk_size=_ONE_PUT_MAX_SIZE, max_concurrency=_PARTS_AT_ONCE)
        except FileNotFoundError:
            raise StorageUnavailable("bucket: it does not exist") from None

    def _remote_size(self, blob_id: bytes) -> int | None:
        try:
            with self._answers():
                return obstore.head(self._bucket, blob_name(blob_id))["size"]
        except FileNotFoundError:
            return None

    @contextlib.contextmanager
    def _answers(self) -> Iterator[None]:
        """Turns the client's errors into ours: what it says holds addresses and names of objects.

        A bucket that did not answer is not asked again for ten seconds: an export of a thousand media would wait for
        each of them.
        """
        if time.monotonic() < self._away_until:
            raise StorageUnavailable("bucket: it did not answer a moment ago")
        try:
            yield
        except (NotFoundError, FileNotFoundError):
            raise FileNotFoundError from None
        except AlreadyExistsError:
            raise
        except (BaseError, OSError) as error:
            self._away_until = time.monotonic() + _AWAY_SECONDS
            raise StorageUnavailable(f"bucket: {type(error).__name__}") from None

    def _confirm(self) -> None:
        """Raises StorageUnavailable when the bucket itself is missing: S3 answers 404 for both."""
        try:
            with self._answers():
                next(iter(obstore.list(self._bucket, chunk_size=1)), None)
        except FileNotFoundError:
            raise StorageUnavailable("bucket: it does not exist") from None

    def _fetch(self, blob_id: bytes) -> Iterator[bytes]:
        size = self._remote_size(blob_id)
        if size is None:
            self._confirm()
            raise FileNotFoundError
        for start in range(0, size, _RANGE_SIZE):
            end = min(start + _RANGE_SIZE, size)
            with self._answers():
                piece = memoryview(obstore.get_range(self._bucket, blob_name(blob_id), start=start, end=end))
            if len(piece) != end - start:
                raise StorageUnavailable("the bucket gave too few bytes")
            yield from (bytes(piece[at : at + _PIECE_SIZE]) for at in range(0, len(piece), _PIECE_SIZE))
