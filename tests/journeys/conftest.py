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

from deploy.rehearsal.machines import PAGES, Machines, free_port
from deploy.rehearsal.phone import chromium_path

_GZIP = b"\x1f\x8b\x08"
_WINDOW = 64 * 1024 * 1024


@pytest.fixture(scope="session")
def chromium(need_tool: Callable[[str], str]) -> str:
    """The system's Chromium."""
    return chromium_path() if Path(chromium_path()).exists() else need_tool("chromium")


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


def unpacked(data: bytes) -> Iterator[bytes]:
    """The data and whatever gzip or brotli streams can be read out of it."""
    yield data
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
    return folder, canary
