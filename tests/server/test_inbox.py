"""Bodies between socket and disk: how much is held, when it is handed on, and that slow ones are let be."""

import asyncio
import contextlib
import socket

import pytest

from intake.server.api.inbox import READ_MAX_SIZE, Inbox, Reader
from intake.server.services.feeding import Room
from tests.benches.upload_senders import patch_head
from tests.server.test_protocol import all_that_comes, quick_port
from tests.server.test_uploads import begin, digest_header, stored

__all__ = ["quick_port"]
MIB = 1 << 20


class Flow:
    """What an inbox says about reading on."""

    read_paused = False

    def pause_reading(self) -> None:
        self.read_paused = True

    def resume_reading(self) -> None:
        self.read_paused = False


class Front:
    """As much of a protocol as a reader asks for."""

    inbox = None

    def take_in(self, data: memoryview) -> None:
        self.inbox.put(bytes(data))


def test_inbox_hands_on_as_much_as_was_wanted_and_pauses_then():
    async def run() -> None:
        flow = Flow()
        inbox = Inbox(flow)
        waiting = asyncio.create_task(inbox.take(10))
        await asyncio.sleep(0)
        inbox.put(b"1234")
        await asyncio.sleep(0)
        assert not waiting.done()
        assert not flow.read_paused
        inbox.put(b"567890")
        assert flow.read_paused
        assert await waiting == [b"1234", b"567890"]
        assert not flow.read_paused

    asyncio.run(run())


@pytest.mark.parametrize("ended", [False, True])
def test_closed_inbox_hands_out_the_rest_then_nothing(ended):
    async def run() -> None:
        inbox = Inbox(Flow())
        inbox.put(b"rest")
        inbox.close(ended=ended)
        inbox.put(b"dropped")
        assert await inbox.take(100) == [b"rest"]
        assert await inbox.take(100) == []
        assert inbox.ended is ended
        inbox.close(ended=True)
        assert inbox.ended is ended

    asyncio.run(run())


def test_reader_takes_no_more_than_there_is_room_for():
    front = Front()
    reader = Reader(front)
    assert len(reader.get_buffer(-1)) == 64 << 10

    async def run() -> None:
        front.inbox = Inbox(Flow())
        task = asyncio.create_task(front.inbox.take(20_000))
        await asyncio.sleep(0)
        assert len(reader.get_buffer(-1)) == 20_000
        reader.buffer_updated(12_000)
        assert len(reader.get_buffer(-1)) == 8_000
        reader.buffer_updated(8_000)
        assert sum(map(len, await task)) == 20_000
        assert len(reader.get_buffer(-1)) == 20_000
        front.inbox = Inbox(Flow())
        task = asyncio.create_task(front.inbox.take(10 * MIB))
        await asyncio.sleep(0)
        assert len(reader.get_buffer(-1)) == READ_MAX_SIZE
        task.cancel()

    asyncio.run(run())


@pytest.mark.parametrize(("uploads", "size"), [(1, MIB), (8, MIB), (16, MIB // 2), (512, 16 << 10), (2000, 16 << 10)])
def test_memory_is_shared_by_those_that_are_received(uploads, size):
    room = Room()
    with contextlib.ExitStack() as stack:
        for _ in range(uploads):
            stack.enter_context(room.taken())
        assert room.batch_size() == size
    assert room.batch_size() == MIB
    assert uploads >= 512 or 2 * uploads * size <= 16 * MIB


def test_memory_is_given_back_when_an_upload_fails():
    room = Room()
    for _ in range(100):
        with pytest.raises(ZeroDivisionError), room.taken():
            raise ZeroDivisionError
    assert room.batch_size() == MIB


def test_body_that_drips_is_taken_to_its_end(quick_port, forge):
    data = forge.media()
    head = "POST /uploads HTTP/1.1\r\nHost: x\r\nUpload-Complete: ?1\r\nIntake-Epoch: 12\r\nConnection: close\r\n"
    with socket.create_connection(("127.0.0.1", quick_port)) as connection:
        connection.sendall(f"{head}Content-Length: {len(data)}\r\n\r\n".encode())
        connection.settimeout(0.1)
        # Four times as long as this server waits for a silent body; 64 kbit/s look like this.
        step = len(data) // 12
        for offset in range(0, len(data), step):
            connection.sendall(data[offset : offset + step])
            with pytest.raises(TimeoutError):
                connection.recv(1)
            if offset + 2 * step >= len(data):
                connection.sendall(data[offset + step :])
                break
        answer = all_that_comes(connection).decode()
    assert answer.startswith("HTTP/1.1 200 ")
    assert f"repr-digest: {digest_header(data)}" in answer


def test_requests_that_follow_on_one_connection_keep_their_bodies(shared_server, shared_client, shared_house, forge):
    data = forge.media(2 * MIB)
    url = begin(shared_client, len(data)).headers["location"]
    with socket.create_connection(("127.0.0.1", shared_server.port)) as connection:
        # All at once, none waiting for the answer to the one before.
        for start, end in ((0, MIB), (MIB, MIB + 10), (MIB + 10, len(data))):
            connection.sendall(patch_head(url, start, end - start) + data[start:end])
        connection.settimeout(30)
        answers = b""
        while answers.count(b"\r\n\r\n") < 3:
            answers += connection.recv(65536)
    assert answers.count(b"HTTP/1.1 204 ") == 3
    assert digest_header(data).encode() in answers
    assert stored(shared_house, url) == data
