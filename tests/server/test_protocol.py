"""Connections that never become a request, or never end, cost bounded memory, bounded time and no line in the log."""

import asyncio
import re
import resource
import socket
import threading

import pytest
import uvicorn

from intake.server.api.app import make_app
from intake.server.api.protocol import HEAD_MAX_SIZE, BoundedProtocol

BEGINNING = b"GET /health HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"POST /mailbox HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
PIECE = b"a" * 65536
PIECES_MAX = 512


class QuickProtocol(BoundedProtocol):
    """The same with shorter patience."""

    head_seconds = body_seconds = 0.3
    tick_seconds = 0.05


@pytest.fixture
def quick_port(core):
    """The port of a server in this process whose connections are given up after a third of a second."""
    config = uvicorn.Config(make_app(core), http=QuickProtocol, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


def all_that_comes(connection: socket.socket) -> bytes:
    """What is received until the other side closes; fails after 30 s."""
    connection.settimeout(30)
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


def sent_until_refused(port: int, first: bytes, piece: bytes) -> tuple[int, bytes]:
    """How many pieces a server took before it closed the connection, and what it said."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(first)
        for count in range(PIECES_MAX):
            try:
                connection.sendall(piece)
            except OSError:
                return count, all_that_comes(connection)
    return PIECES_MAX, b""


def is_closed_after(connection: socket.socket, byte: bytes) -> bool:
    """Sends one byte and waits a moment for an end."""
    try:
        connection.sendall(byte)
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (BEGINNING + b"A: ", PIECE),
        (BEGINNING, b"a: b\r\n" * 11000),
        (b"GET /", PIECE),
        (b"GET / HTTP/1.1\r\n", PIECE),
        (CHUNKED + b"1;", PIECE),
        (CHUNKED + b"0\r\nA: ", PIECE),
        (CHUNKED + b"0\r\n", b"a: b\r\n" * 11000),
    ],
    ids=["value", "headers", "url", "name", "chunk-extension", "trailer", "trailers"],
)
def test_head_without_end_is_cut_off(shared_server, first, piece):
    count, _ = sent_until_refused(shared_server.port, first, piece)
    # What the kernel's buffers take is sent, and never read.
    assert count < PIECES_MAX


def test_head_too_long_is_answered_with_a_problem(shared_server):
    with socket.create_connection(("127.0.0.1", shared_server.port)) as connection:
        connection.sendall(BEGINNING + b"A: " + b"a" * (HEAD_MAX_SIZE + 1))
        answer = all_that_comes(connection)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"urn:intake:problem:malformed" in answer


def test_head_of_nearly_the_bound_is_taken(shared_server):
    with socket.create_connection(("127.0.0.1", shared_server.port)) as connection:
        connection.sendall(BEGINNING + b"Connection: close\r\nA: " + b"a" * (HEAD_MAX_SIZE - 100) + b"\r\n\r\n")
        assert all_that_comes(connection).endswith(b"\r\n\r\nok")


def test_requests_that_wait_for_each_other_are_few(shared_server):
    count, _ = sent_until_refused(shared_server.port, b"", (BEGINNING + b"\r\n") * 2000)
    assert count < PIECES_MAX


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /hea",
        BEGINNING + b"\r\n" + BEGINNING,
        b"POST /mailbox HTTP/1.1\r\nHost: x\r\nContent-Length: 32\r\n\r\nhalf",
    ],
    ids=["nothing", "half a head", "half a second head", "half a body"],
)
def test_connection_that_waits_for_ever_is_closed(quick_port, sent):
    with socket.create_connection(("127.0.0.1", quick_port)) as connection:
        connection.sendall(sent)
        assert all_that_comes(connection).count(b"HTTP/1.1 200") == sent.count(b"\r\n\r\nGET")


def test_head_that_drips_is_closed(quick_port):
    with socket.create_connection(("127.0.0.1", quick_port)) as connection:
        connection.settimeout(0.05)
        assert any(is_closed_after(connection, bytes([byte])) for byte in BEGINNING + b"A: " + PIECE)


def test_server_may_open_many_files_and_dump_no_core(shared_server):
    pid = shared_server.process.pid
    assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    assert soft == hard


def test_what_is_not_http_leaves_no_line_in_the_log(start_shared):
    server = start_shared()
    before = server.log.read_bytes()
    upgrade = BEGINNING + b"Connection: upgrade, close\r\nUpgrade: websocket\r\n\r\n"
    form = b"POST /forward HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9\r\n"
    form += b"Content-Type: multipart/form-data; boundary=b\r\n\r\nno form at"
    for junk in (b"not HTTP at all\r\n\r\n", upgrade, form):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(junk)
            assert all_that_comes(connection)
    assert server.stop() == 0
    added = server.log.read_bytes().removeprefix(before).decode()
    assert "withheld" not in added


def test_head_and_body_of_an_answer_come_in_one_piece(shared_server):
    with socket.create_connection(("127.0.0.1", shared_server.port), 20) as connection:
        connection.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
        head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert body.endswith(b"}")


def test_many_answers_at_once_come_whole_and_in_their_order(shared_server):
    requests = [f"GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in ("health", "nothing", "health")]
    with socket.create_connection(("127.0.0.1", shared_server.port), 20) as connection:
        connection.sendall("".join(requests).encode()[:-2] + b"Connection: close\r\n\r\n")
        came = all_that_comes(connection)
    assert re.findall(rb"HTTP/1\.1 (\d+)", came) == [b"200", b"404", b"200"]
