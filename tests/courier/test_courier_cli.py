"""The courier's folder, its addresses and proxies, and `courier verify`."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import struct
import threading
from pathlib import Path

import pytest

from intake.courier.errors import AddressRefused, BundleDamaged, BundleForeign, FileUnusable, ProxyUnusable
from intake.courier.line import open_line
from intake.courier.services.checking import check_bundle
from intake.wire.manifest import roots_to_json
from tests.server.parts import Deployment

HAS_SOCKS = importlib.util.find_spec("socksio") is not None


def test_folder_holds_a_key_and_public_roots_for_its_owner_alone(home):
    assert sorted(path.name for path in home.iterdir()) == ["courier.key", "roots.json"]
    assert home.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in home.iterdir())


def test_key_is_never_replaced(home, courier, tmp_path):
    before = (home / "courier.key").read_bytes()
    ran = courier("init", "--home", home, "--name", "other", "--roots", tmp_path / "block.json")
    assert ran.returncode == 1
    assert "there is a key already" in ran.stderr
    assert (home / "courier.key").read_bytes() == before


@pytest.mark.parametrize("harm", ["open", "no key", "damaged key", "no roots", "damaged roots", "no folder"])
def test_folder_that_is_not_usable_is_told(home, carrier, courier, stick, harm):
    if harm == "open":
        home.chmod(0o755)
    elif harm == "no folder":
        home.rename(home.with_name("elsewhere"))
    else:
        path = home / ("courier.key" if harm.endswith("key") else "roots.json")
        path.unlink() if harm.startswith("no") else path.write_bytes(b"{}")
    ran = carrier.pull(stick)
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: This is not a usable courier's folder.")
    assert "\nhint: " in ran.stderr


def test_home_may_stand_in_the_environment(carrier, courier, stick, monkeypatch):
    monkeypatch.setenv("COURIER_HOME", str(carrier.home))
    assert courier("pull", "--server", carrier.server.url, "--for", "A", "--out", stick).returncode == 0


ADDRESSES = [
    "http://example.org",
    "https://example.org/",
    "https://example.org/x",
    "https://user:word@example.org",
    "ftp://127.0.0.1",
    "127.0.0.1:8400",
    "https://",
    "",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_address_that_a_courier_does_not_go_to_is_refused(carrier, address):
    with pytest.raises(AddressRefused), open_line(address, None, carrier.roots.deployment, carrier.signer):
        pass


def test_onion_without_a_proxy_is_refused_and_nobody_is_asked_for_its_name(carrier, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: pytest.fail("a name was looked up"))
    onion = "http://" + "a" * 56 + ".onion"
    with pytest.raises(ProxyUnusable), open_line(onion, None, carrier.roots.deployment, carrier.signer):
        pass


@pytest.mark.skipif(HAS_SOCKS, reason="socksio is installed")
def test_socks_proxy_without_the_package_is_told(carrier, stick):
    ran = carrier.pull(stick, "--proxy", "socks5://127.0.0.1:9")
    assert ran.returncode == 1
    assert "socksio is not installed" in ran.stderr


@pytest.mark.skipif(not HAS_SOCKS, reason="socksio is not installed: SOCKS was not tried")
def test_onion_is_reached_through_the_proxy_by_name(carrier, stick, courier):
    asked: list[str] = []
    onion = "a" * 56 + ".onion"
    with SocksProxy(carrier.server.port, asked) as proxy:
        where = ["--home", carrier.home, "--server", f"http://{onion}", "--proxy", proxy.url]
        ran = courier("pull", *where, "--for", "A", "--out", stick)
    assert ran.returncode == 0, ran.stderr
    assert set(asked) == {onion}


class SocksProxy:
    """RFC 1928 without authentication; connects every name to one port on loopback and writes down the names."""

    def __init__(self, port: int, asked: list[str]) -> None:
        self._port, self._asked = port, asked
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socks5://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> SocksProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(20)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(near,), daemon=True))
                self._threads[-1].start()

    def _serve(self, near: socket.socket) -> None:
        with near, socket.create_connection(("127.0.0.1", self._port)) as far:
            near.recv(near.recv(2, socket.MSG_WAITALL)[1], socket.MSG_WAITALL)
            near.sendall(b"\x05\x00")
            head = near.recv(5, socket.MSG_WAITALL)
            self._asked.append(near.recv(head[4], socket.MSG_WAITALL).decode())
            near.recv(2, socket.MSG_WAITALL)
            near.sendall(b"\x05\x00\x00\x01" + struct.pack("!IH", 0, 0))
            upwards = threading.Thread(target=_copy, args=(near, far), daemon=True)
            upwards.start()
            _copy(far, near)
            upwards.join(20)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def test_environment_names_no_proxy(carrier, stick, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert carrier.pull(stick).returncode == 0


HARM = {
    "a changed byte in a segment": lambda b: flip(b / "data/segments/0000.bin"),
    "a changed byte in a medium": lambda b: flip(next((b / "data/objects").iterdir())),
    "a changed byte in the index": lambda b: flip(b / "data/index.txt"),
    "a changed byte in the statement": lambda b: flip(b / "bundle.note"),
    "a missing file": lambda b: (b / "data/log/leaves.bin").unlink(),
    "a missing list": lambda b: (b / "manifest-sha256.txt").unlink(),
    "a list cut off": lambda b: os.truncate(b / "manifest-sha256.txt", 100),
    "a link": lambda b: swap_for_link(b / "data/index.txt"),
}


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def swap_for_link(path: Path) -> None:
    path.rename(path.with_name("other"))
    path.symlink_to("other")


@pytest.mark.parametrize("harm", HARM)
def test_bundle_that_is_not_whole_is_told(carrier, courier, harm):
    bundle = carrier.prepare()
    HARM[harm](bundle)
    with pytest.raises(BundleDamaged):
        check_bundle(bundle, None)
    ran = courier("verify", bundle)
    assert (ran.returncode, ran.stderr.splitlines()[0][:35]) == (
        1,
        "error: This bundle is not whole. (b"[:35],
    ) or ran.returncode == 1


def test_bundle_with_a_file_more_is_whole_and_the_file_is_named(carrier, courier):
    bundle = carrier.prepare()
    (bundle / "data/more\x1b.txt").write_bytes(b"")
    ran = courier("verify", bundle)
    assert ran.returncode == 0
    assert r"not part of it: 'data/more\x1b.txt'" in ran.stdout


def test_bundle_of_another_deployment_is_told_with_roots_alone(carrier, courier, tmp_path):
    bundle = carrier.prepare()
    assert check_bundle(bundle, carrier.roots).statement.laptop == "A"
    assert check_bundle(bundle, None).files == 13 - 3 + 2
    with pytest.raises(BundleForeign):
        check_bundle(bundle, Deployment().roots)
    home = tmp_path / "elsewhere"
    (tmp_path / "other.json").write_text(roots_to_json(Deployment().roots, rehearsal=True), "utf-8")
    assert courier("init", "--home", home, "--name", "x", "--roots", tmp_path / "other.json").returncode == 0
    ran = courier("verify", "--home", home, bundle)
    assert (ran.returncode, ran.stderr.splitlines()[0]) == (1, "error: This bundle belongs to another deployment.")


def test_folder_that_is_no_bundle_is_told(tmp_path):
    with pytest.raises(FileUnusable):
        check_bundle(tmp_path, None)
