"""How fast, how small and how quick to take over the media uploads are, beside nginx on the same two cores.

    tests/bench uploads [--uploads 16] [--mib 64] [--rounds 5] [--takeovers 200] [--phones 2000] [--seconds 30]

* rate: parallel uploads of a sealed file in pieces of 8 MiB, each answered after fdatasync and commit, sent with
  sendfile from memory; in turns with nginx-light's dav module taking whole files by PUT, without any fsync. The ratio
  is of the medians; CPU seconds are the server's for every GB (10^9 bytes), SHA-256 and seal included.
* over idle: the most the server ever held in those rounds, over what it held before the first.
* takeover: a PATCH falls silent after 1 to 3 MiB; HEAD on another connection asks for the offset; the upload then goes
  on from there and must end with the right digest. Meanwhile reports are posted and timed: `others`.
* stalled: phones that send 1,000 bytes a second each in one long PATCH; the most the server ever held, and reports.

Milliseconds are those a client sees. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from intake.wire.encoding import b64
from tests.benches.proc import cpu_seconds, idle_bytes, resident_bytes
from tests.benches.upload_senders import TUS, Phones, begin, in_parallel, patch_head, put_whole, upload_whole
from tests.server.parts import Deployment, Forge, Server, make_house

MIB = 1 << 20
PIECE_SIZE = 8 * MIB
NGINX_CONFIG = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {folder}/body; client_body_buffer_size 1m;
  server {{ listen 127.0.0.1:{port}; root {folder}/root; location / {{ dav_methods PUT; }} }}
}}
"""


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed."""
    return sorted(values)[max(0, -(-len(values) * int(share * 1000) // 1000) - 1)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[tuple[int, int]]:
    """Runs nginx with one worker; gives its port and the worker's process id."""
    for name in ("root", "body"):
        (folder / name).mkdir(parents=True)
    port, config = free_port(), folder / "nginx.conf"
    config.write_text(NGINX_CONFIG.format(folder=folder, port=port), "utf-8")
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        raise RuntimeError("nginx is not installed")
    # Its workers would otherwise run as nobody, who may not enter a temporary folder.
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    child = subprocess.Popen([program, "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log"), *user])
    try:
        # It takes connections before its worker is there.
        children: list[str] = []
        while not (children and answers(port)):
            if child.poll() is not None:
                raise RuntimeError("nginx did not start")
            children = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
        yield port, int(children[0])
    finally:
        child.terminate()
        child.wait(20)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def remove_files(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def rates(server: Server, folder: Path, source: Path, count: int, rounds: int) -> dict[str, object]:
    """Rates in MB/s of both in turns, CPU seconds per GB, and what the server held over idle."""
    size, pid = count * source.stat().st_size, server.process.pid
    ours, theirs, cpu, nginx_cpu = [], [], [], []
    with nginx(folder / "nginx") as (port, worker):
        in_parallel(upload_whole, server.port, source, 2, PIECE_SIZE)
        idle = idle_bytes(pid)
        for _ in range(rounds):
            before = cpu_seconds(worker)
            theirs.append(size / 1e6 / in_parallel(put_whole, port, source, count, PIECE_SIZE))
            nginx_cpu.append((cpu_seconds(worker) - before) / size * 1e9)
            # What nginx has not synced would be written to the disk on our time.
            remove_files(folder / "nginx" / "root")
            before = cpu_seconds(pid)
            ours.append(size / 1e6 / in_parallel(upload_whole, server.port, source, count, PIECE_SIZE))
            cpu.append((cpu_seconds(pid) - before) / size * 1e9)
            remove_files(server.house.data / "objects")
            print(
                f"nginx {theirs[-1]:.0f} MB/s, {nginx_cpu[-1]:.2f} CPU-s/GB; "
                f"ours {ours[-1]:.0f} MB/s, {cpu[-1]:.2f} CPU-s/GB",
                flush=True,
            )
    return {
        "ratio_to_nginx": round(statistics.median(ours) / statistics.median(theirs), 3),
        "cpu_s_per_gb": round(statistics.median(cpu), 2),
        "over_idle_mb": round((resident_bytes("VmHWM", pid) - idle) / 1e6, 1),
        "mb_per_s": round(statistics.median(ours)),
        "nginx_mb_per_s": round(statistics.median(theirs)),
        "nginx_cpu_s_per_gb": round(statistics.median(nginx_cpu), 2),
        "nginx_by": "http_dav_module PUT, one worker, no fsync",
    }


class Reports:
    """Posts reports one after another over a connection of its own while a block runs; milliseconds of each."""

    def __init__(self, port: int, seed: int) -> None:
        self.taken: list[float] = []
        self._port = port
        self._forge = Forge(seed)
        self._stop = threading.Event()

    @contextlib.contextmanager
    def posting(self) -> Iterator[None]:
        thread = threading.Thread(target=self._post)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _post(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        sealed = self._forge.sealed()
        while not self._stop.wait(0.01):
            body = self._forge.envelope(sealed)
            started = time.perf_counter()
            connection.request("POST", "/reports", body)
            answer = connection.getresponse()
            answer.read()
            self.taken.append(1000 * (time.perf_counter() - started))
            if answer.status != 200:
                raise RuntimeError(f"a report was answered {answer.status}")
        connection.close()


def takeovers(server: Server, data: bytes, count: int) -> dict[str, object]:
    """Milliseconds until the offset of a half-open upload is told, and of reports meanwhile."""
    chance, taken, reports = random.Random(1), [], Reports(server.port, 2)
    with reports.posting():
        for _ in range(count):
            taken.append(take_over(server, data, chance.randrange(MIB, 3 * MIB)))
    return {
        "takeover_p99_ms": round(percentile(taken, 0.99), 1),
        "takeover_p50_ms": round(percentile(taken, 0.5), 1),
        "others_p99_ms": round(percentile(reports.taken, 0.99), 1),
        "takeovers": len(taken),
    }


def take_over(server: Server, data: bytes, silent_after: int) -> float:
    """One takeover; raises RuntimeError unless the whole is stored with the right digest in the end."""
    control = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    path = begin(control, len(data))
    with socket.create_connection(("127.0.0.1", server.port)) as silent:
        silent.sendall(patch_head(path, 0, len(data)) + data[:silent_after])
        wait_until_written(server, path, silent_after)
        started = time.perf_counter()
        control.request("HEAD", path, headers=TUS)
        answer = control.getresponse()
        answer.read()
        milliseconds = 1000 * (time.perf_counter() - started)
        offset = int(answer.headers["upload-offset"])
    headers = TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    control.request("PATCH", path, data[offset:], headers)
    done = control.getresponse()
    done.read()
    control.close()
    if offset > silent_after or b64(hashlib.sha256(data).digest()) not in done.headers.get("repr-digest", ""):
        raise RuntimeError("a takeover told a wrong offset")
    return milliseconds


def wait_until_written(server: Server, path: str, sent: int) -> None:
    """Until all but the last batch lies in the file: an asking that overtakes what was sent would prove nothing."""
    part = server.house.data / "uploads" / f"{path.rpartition('/')[2]}.part"
    with part.open("rb") as file:
        while not any(os.pread(file.fileno(), 64, max(0, sent - MIB - 64))):
            # Asking without a pause would take one of the server's two cores.
            time.sleep(0.002)


def stalled(server: Server, data: bytes, count: int, seconds: float) -> dict[str, object]:
    """What the server holds while many phones send 1,000 bytes a second, and how long reports take then."""
    idle_bytes(server.process.pid)
    phones, reports = Phones(server.port, data, count), Reports(server.port, 3)
    with phones.sending(), reports.posting():
        time.sleep(seconds)
        most = resident_bytes("VmHWM", server.process.pid)
    if phones.lost:
        raise RuntimeError(f"{phones.lost} sends failed")
    return {
        "stalled_2000_mb": round(most / 1e6, 1),
        "stalled_report_p99_ms": round(percentile(reports.taken, 0.99), 1),
        "stalled_phones": count,
        "stalled_kb_per_s": round(phones.sent / 1000 / seconds),
    }


def main(argv: list[str]) -> int:
    """Prints the figures; the last line is one JSON object."""
    parser = argparse.ArgumentParser(prog="tests/bench uploads")
    parser.add_argument("--uploads", type=int, default=16)
    parser.add_argument("--mib", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--takeovers", type=int, default=200)
    parser.add_argument("--phones", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args(argv)
    forge, figures = Forge(1), {}
    with (
        tempfile.TemporaryDirectory(prefix="intake-bench-") as name,
        tempfile.TemporaryDirectory(prefix="intake-bench-", dir="/dev/shm") as memory,
    ):
        source = Path(memory) / "sealed.age"
        source.write_bytes(forge.media(options.mib * MIB))
        server = Server(make_house(Path(name), Deployment()))
        try:
            figures |= rates(server, Path(name), source, options.uploads, options.rounds)
            figures |= takeovers(server, forge.media(4 * MIB), options.takeovers)
            figures |= stalled(server, forge.media(MIB // 4), options.phones, options.seconds)
        finally:
            server.stop()
    figures["load_average"] = round(os.getloadavg()[0], 1)
    print(json.dumps({"bench": "uploads"} | figures))
    return 0
