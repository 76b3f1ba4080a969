"""What one turn of the event loop sends on a connection goes out in one system call."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

_AT_ONCE_SIZE: Final = 64 << 10


class Corked(asyncio.Transport):
    """A transport before another; holds what is written until the loop's turn ends, or until it is 64 KiB.

    uvicorn writes head and body of an answer apart: two system calls, two packets, two wake-ups of who waits for them.
    """

    def __init__(self, transport: asyncio.Transport, call_soon: Callable[[Callable[[], None]], object]) -> None:
        super().__init__()
        self._transport = transport
        self._call_soon = call_soon
        self._held: list[bytes] = []
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Holds `data`, which must not change any more."""
        if not self._held:
            self._call_soon(self._flush)
        self._held.append(bytes(data))
        self._size += len(data)
        if self._size >= _AT_ONCE_SIZE:
            self._flush()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """As `write` for each."""
        for data in list_of_data:
            self.write(data)

    def close(self) -> None:
        """Sends what is held, then closes."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Closes at once; what is held is lost."""
        self._held, self._size = [], 0
        self._transport.abort()

    def is_closing(self) -> bool:
        """As the transport behind."""
        return self._transport.is_closing()

    def get_write_buffer_size(self) -> int:
        """Bytes held here and behind."""
        return self._size + self._transport.get_write_buffer_size()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """As the transport behind."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """As the transport behind."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """As the transport behind."""
        self._transport.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """As the transport behind."""
        self._transport.set_protocol(protocol)

    def _flush(self) -> None:
        held, self._held, self._size = self._held, [], 0
        # What ended within this turn has nobody left to hear it, and would complain, with its address, to the log.
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))
