"""The load under which `kill` kills, and the ledger of what was acknowledged before."""

from __future__ import annotations

import hashlib
import http.client
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from intake.wire.encoding import b64
from intake.wire.envelope import write_envelope
from tests.server.parts import EPOCH, Forge

TUS = {"Tus-Resumable": "1.0.0"}
REPORTERS = 6
UPLOADERS = 3
SMALL = 8192
MEDIA_PLAIN = (65_536, 98_304, 262_144, 1_048_576)
Sender = Callable[[http.client.HTTPConnection, random.Random], None]
GONE = (OSError, http.client.HTTPException)


@dataclass
class Media:
    """One upload: its bytes, its address once told, the highest offset told, whether its digest was told.

    `taken` is the port of the server whose client works on it.
    """

    data: bytes
    taken: int
    path: str = ""
    told: int = 0
    complete: bool = False
    checked: bool = False


@dataclass
class Ledger:
    """What the server has acknowledged, as its clients remember it."""

    reports: dict[bytes, bytes] = field(default_factory=dict)
    media: list[Media] = field(default_factory=list)
    slots: list[bytes] = field(default_factory=list)
    offsets: int = 0
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def complain(self, words: str) -> None:
        """An answer that is no answer of a healthy server."""
        with self.lock:
            self.wrong.append(words)


class Load:
    """Senders of reports and uploads, each in a thread, which end when their server is gone or `stop` is called."""

    def __init__(self, port: int, ledger: Ledger, seed: str) -> None:
        self._port = port
        self._ledger = ledger
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(kind, random.Random(f"{seed}/{number}")), daemon=True)
            for number, kind in enumerate(self.senders())
        ]

    def senders(self) -> list[Sender]:
        """What each of the threads does again and again."""
        return [self._report] * REPORTERS + [self._upload] * UPLOADERS

    def start(self) -> None:
        """Starts every sender."""
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Waits for all of them: their server is dead."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self, kind: Sender, rng: random.Random) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            while not self._stopped.is_set():
                kind(connection, rng)
        except GONE:
            pass
        finally:
            connection.close()

    def _report(self, connection: http.client.HTTPConnection, rng: random.Random) -> None:
        sealed = Forge(rng.getrandbits(32)).sealed(SMALL)
        object_id, sha256 = rng.randbytes(16), hashlib.sha256(sealed).digest()
        connection.request("POST", "/reports", write_envelope(object_id, EPOCH, sealed))
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or object_id.hex().encode() not in body:
            self._ledger.complain(f"a report was answered with {answer.status}")
            return
        with self._ledger.lock:
            self._ledger.reports[object_id] = sha256

    def _upload(self, connection: http.client.HTTPConnection, rng: random.Random) -> None:
        media = self._next_media(rng)
        if not media.path:
            media.path = self._create(connection, media)
            with self._ledger.lock:
                self._ledger.media.append(media)
        else:
            self._look(connection, media)
        while not media.complete and not self._stopped.is_set():
            self._append(connection, media, rng.choice((4_000, 60_000, 200_000, 2_000_000)))

    def _next_media(self, rng: random.Random) -> Media:
        """One that an earlier server left unfinished, else a new one."""
        with self._ledger.lock:
            for media in self._ledger.media:
                if not media.complete and media.taken != self._port:
                    media.taken = self._port
                    return media
        return Media(Forge(rng.getrandbits(32)).media(rng.choice(MEDIA_PLAIN)), self._port)

    def _create(self, connection: http.client.HTTPConnection, media: Media) -> str:
        headers = TUS | {"Upload-Length": str(len(media.data)), "Intake-Epoch": str(EPOCH), "Content-Length": "0"}
        connection.request("POST", "/uploads", headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 201:
            self._ledger.complain(f"an upload was answered with {answer.status}")
            raise http.client.HTTPException
        return "/uploads/" + answer.headers["Location"].rpartition("/")[2]

    def _look(self, connection: http.client.HTTPConnection, media: Media) -> None:
        connection.request("HEAD", media.path, headers=TUS)
        self._take(media, connection.getresponse(), 200)

    def _append(self, connection: http.client.HTTPConnection, media: Media, size: int) -> None:
        headers = TUS | {"Upload-Offset": str(media.told), "Content-Type": "application/offset+octet-stream"}
        connection.request("PATCH", media.path, media.data[media.told : media.told + size], headers)
        self._take(media, connection.getresponse(), 204)

    def _take(self, media: Media, answer: http.client.HTTPResponse, wanted: int) -> None:
        """Believes an answer: from now on its offset must never be less."""
        answer.read()
        if answer.status != wanted:
            self._ledger.complain(f"an upload at {media.told} was answered with {answer.status}")
            raise http.client.HTTPException
        offset, digest = int(answer.headers["Upload-Offset"]), answer.headers["Repr-Digest"]
        if offset < media.told:
            self._ledger.complain(f"an offset went back from {media.told} to {offset}")
        if digest is not None and digest != digest_of(media.data):
            self._ledger.complain("the digest of other bytes was told")
        with self._ledger.lock:
            self._ledger.offsets += 1
        media.told, media.complete = offset, digest is not None


def digest_of(data: bytes) -> str:
    """The `Repr-Digest` of these bytes."""
    return f"sha-256=:{b64(hashlib.sha256(data).digest())}:"
