"""What sends for the upload benchmark: parallel PUTs and PATCHes with sendfile, and phones that send 1 KB a second."""

from __future__ import annotations

import contextlib
import http.client
import os
import resource
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

TUS = {"Tus-Resumable": "1.0.0"}
OCTETS = "application/offset+octet-stream"


def begin(connection: http.client.HTTPConnection, size: int) -> str:
    """Begins an upload; returns its path."""
    connection.request("POST", "/uploads", headers=TUS | {"Upload-Length": str(size), "Intake-Epoch": "12"})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 201:
        raise RuntimeError(f"an upload was not begun: {answer.status}")
    return answer.headers["location"]


def patch_head(path: str, offset: int, length: int) -> bytes:
    """The head of a PATCH of `length` bytes."""
    lines = (f"PATCH {path} HTTP/1.1", "Host: x", "Tus-Resumable: 1.0.0", f"Upload-Offset: {offset}")
    return "".join(
        f"{line}\r\n" for line in (*lines, f"Content-Type: {OCTETS}", f"Content-Length: {length}", "")
    ).encode()


def send_piece(connection: socket.socket, head: bytes, source: int, offset: int, length: int) -> bytes:
    """Sends a head and a piece of a file on a connection that stays; returns the answer's head."""
    connection.sendall(head)
    end = offset + length
    while offset < end:
        offset += os.sendfile(connection.fileno(), source, offset, end - offset)
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = connection.recv(65536)
        if not piece:
            raise RuntimeError("the server closed a connection")
        answer += piece
    return answer


def put_whole(port: int, name: str, source: Path, piece_size: int) -> None:
    """One PUT of the whole file, as nginx takes it."""
    size = source.stat().st_size
    with socket.create_connection(("127.0.0.1", port)) as connection, source.open("rb") as file:
        head = f"PUT /{name} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode()
        answer = send_piece(connection, head, file.fileno(), 0, size)
    if b" 201 " not in answer and b" 204 " not in answer:
        raise RuntimeError(answer.decode("latin-1"))


def upload_whole(port: int, name: str, source: Path, piece_size: int) -> None:
    """One upload of the whole file in pieces, each answered when durable; fails unless a digest is told at the end."""
    size, answer = source.stat().st_size, b""
    control = http.client.HTTPConnection("127.0.0.1", port)
    path = begin(control, size)
    control.close()
    with socket.create_connection(("127.0.0.1", port)) as connection, source.open("rb") as file:
        for offset in range(0, size, piece_size):
            length = min(piece_size, size - offset)
            answer = send_piece(connection, patch_head(path, offset, length), file.fileno(), offset, length)
            if b" 204 " not in answer:
                raise RuntimeError(answer.decode("latin-1"))
    if b"repr-digest: sha-256" not in answer.lower():
        raise RuntimeError("an upload did not end with a digest")


Sending = Callable[[int, str, Path, int], None]


def in_parallel(send: Sending, port: int, source: Path, count: int, piece_size: int) -> float:
    """Seconds that `count` uploads of a file take at once; raises what any of them raised."""
    failures: list[Exception] = []

    def one(number: int) -> None:
        try:
            send(port, f"{number}", source, piece_size)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.monotonic() - started


@dataclass
class Phones:
    """Phones that each send `step` bytes a second of one long request, from one thread, until it is stopped."""

    port: int
    data: bytes
    count: int
    step: int = 1000
    sent: int = 0
    lost: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def sending(self) -> Iterator[None]:
        """Opens all connections, sends while the block runs, then closes them."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        connections = self._opened()
        thread = threading.Thread(target=self._send, args=(connections,))
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            for connection in connections:
                connection.close()

    def _opened(self) -> list[socket.socket]:
        control = http.client.HTTPConnection("127.0.0.1", self.port)
        opened = []
        for _ in range(self.count):
            path = begin(control, len(self.data))
            connection = socket.create_connection(("127.0.0.1", self.port))
            connection.sendall(patch_head(path, 0, len(self.data)))
            connection.setblocking(False)
            opened.append(connection)
        control.close()
        return opened

    def _send(self, connections: list[socket.socket]) -> None:
        # Spread over the second, as phones are: all at once would be a burst of 2,000 packets.
        batch = max(1, len(connections) // 50)
        for offset in range(0, len(self.data), self.step):
            for first in range(0, len(connections), batch):
                if self._stop.wait(0.98 / 50):
                    return
                for connection in connections[first : first + batch]:
                    self._send_one(connection, self.data[offset : offset + self.step])

    def _send_one(self, connection: socket.socket, piece: bytes) -> None:
        try:
            self.sent += connection.send(piece)
        except OSError:
            self.lost += 1


def wait_until_readable(connection: socket.socket, seconds: float) -> bool:
    """Whether something came within some seconds."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        return bool(selector.select(seconds))
