"""One rehearsal for all journeys: keys, server on loopback, laptop; and a search that knows how words hide."""

import base64
import contextlib
import gzip
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli
import pytest

from deploy.rehearsal.firefox import firefox_path
from deploy.rehearsal.machines import PAGES, Machines, free_port
from deploy.rehearsal.phone import chromium_path

_GZIP = b"\x1f\x8b\x08"
_MOZ_LZ4 = b"mozLz40\0"
_LZ4_SHORTEST_MATCH = 4
_WINDOW = 64 * 1024 * 1024


@pytest.fixture(scope="session")
def chromium(need_tool: Callable[[str], str]) -> str:
    """The system's Chromium."""
    return chromium_path() if Path(chromium_path()).exists() else need_tool("chromium")


@pytest.fixture(scope="session")
def firefox_esr(need_tool: Callable[[str], str]) -> str:
    """The system's Firefox."""
    return firefox_path() or need_tool("firefox-esr")


@pytest.fixture(scope="session")
def built_page() -> Path:
    """The folder of built pages."""
    if not (PAGES / "page.all.html").exists():
        pytest.fail("the page is not built: python3 deploy/setup.py --build")
    return PAGES


@pytest.fixture(scope="session")
def make_machines(tmp_path_factory: pytest.TempPathFactory, built_page: Path, chromium: str) -> Callable[[], Machines]:
    """Makes a new rehearsal, set up and not yet serving."""

    def make() -> Machines:
        machines = Machines(tmp_path_factory.mktemp("rehearsal"), free_port())
        machines.set_up()
        return machines

    return make


@pytest.fixture(scope="module")
def machines(make_machines: Callable[[], Machines]) -> Iterator[Machines]:
    """A rehearsal whose server runs while the module's tests do."""
    made = make_machines()
    with made.serving():
        yield made


def spellings(canary: str) -> dict[str, bytes]:
    """How a program may write a text: UTF-8, UTF-16, percent, \\u escapes, hex, base64 at its three alignments."""
    utf8 = canary.encode()
    found = {
        "utf-8": utf8,
        "utf-16": canary.encode("utf-16-le"),
        "percent": "".join(f"%{b:02X}" for b in utf8).encode(),
        "hex": utf8.hex().encode(),
        "escaped": canary.encode("ascii", "backslashreplace"),
    }
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + utf8)
        # The characters that mix with the neighbours' bits are left off on both sides.
        found[f"base64+{shift}"] = encoded[4 if shift else 0 : -4]
    return found


def lz4_block(block: bytes) -> bytes:
    """What a raw LZ4 block unpacks to (lz4_Block_format.md). Raises IndexError where it is cut off."""
    out = bytearray()
    at = 0

    def length(nibble: int) -> int:
        nonlocal at
        total, more = nibble, nibble == 15
        while more:
            total, more, at = total + block[at], block[at] == 255, at + 1
        return total

    while True:
        token, at = block[at], at + 1
        literals = length(token >> 4)
        out += block[at : at + literals]
        at += literals
        if at >= len(block):
            return bytes(out)
        offset, at = int.from_bytes(block[at : at + 2], "little"), at + 2
        start = len(out) - offset
        for index in range(start, start + length(token & 15) + _LZ4_SHORTEST_MATCH):
            out.append(out[index])


def unpacked(data: bytes) -> Iterator[bytes]:
    """The data and whatever gzip, brotli or Mozilla's LZ4 streams can be read out of it."""
    yield data
    if data.startswith(_MOZ_LZ4):
        yield lz4_block(data[len(_MOZ_LZ4) + 4 :])
    at = data.find(_GZIP)
    while at >= 0:
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj(31).decompress(data[at:], _WINDOW)
        at = data.find(_GZIP, at + 1)
    with contextlib.suppress(brotli.error):
        yield brotli.decompress(data)


def search(folder: Path, canaries: dict[str, str]) -> list[str]:
    """Where a canary stands in any file below the folder, or in a file's name: `name (spelling) in path`."""
    wanted = [(name, how, text) for name, value in canaries.items() for how, text in spellings(value).items()]
    hits = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
        for data in unpacked(path.read_bytes()):
            hits += [f"{name} ({how}) in {path.relative_to(folder)}" for name, how, text in wanted if text in data]
        hits += [f"{n} in the name {path.relative_to(folder)}" for n, v in canaries.items() if v in str(path)]
    return sorted(set(hits))


@pytest.fixture(scope="session")
def find_canaries() -> Callable[[Path, dict[str, str]], list[str]]:
    """The search; proved here, before use, to find a canary in every spelling and inside compressed streams."""
    return search


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Path, str]:
    """A folder with one canary planted in every spelling, each in a file of its own."""
    canary = "канарейка-" + os.urandom(8).hex()
    folder = tmp_path / "planted"
    folder.mkdir()
    for how, text in spellings(canary).items():
        (folder / how).write_bytes(b"before " + text + b" after")
    (folder / "gzip").write_bytes(b"head" + gzip.compress(canary.encode()) + b"tail")
    (folder / "brotli").write_bytes(brotli.compress(canary.encode() * 3))
    half, rest = canary.encode()[:16], canary.encode()[16:]
    # Literals `half|`, a match of 16 bytes 17 back, literals `rest`: the canary is whole only when unpacked.
    block = b"\xfc\x02" + half + b"|" + b"\x11\0" + bytes([0xF0, len(rest) - 15]) + rest
    (folder / "mozlz4").write_bytes(b"mozLz40\0" + bytes([33 + len(rest), 0, 0, 0]) + block)
    return folder, canary


@pytest.fixture(scope="session")
def unpack() -> Callable[[bytes], Iterator[bytes]]:
    """How the search looks into packed data."""
    return unpacked
