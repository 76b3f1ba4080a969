"""A phone on a dying network: tests/run --suite bad-link [--reports 10] [--only NAME]; needs root.

The phone is the page's own sending code (web/src/outbox/drain.ts and web/src/send) under Node, in a network namespace
of its own; the server is the real one in another. Not the browser: its network stack above TCP is not tried here.

- upload_20mb: 640 kbit/s, 5 % of packets lost each way, 10 s of black-out every minute: 20 MB.
- upload_20mb_forgetful: the same, and each black-out ends every connection without a word.
- reports: 64 kbit/s, the same loss: reports of 8 KiB, each from a phone that starts anew; the median must be <= 15 s.
- upload_2mb: 64 kbit/s, the same loss and black-outs: 2 MB.

`resent_share` is all bytes of all requests' bodies over the file's size, less 1: what the phone handed to the network
more than once, at most 0.05. `arrived_share` counts IP bytes at the server with headers and TCP's own retransmissions,
which a loss of 5 % makes necessary; where connections are forgotten it decides, less the headers. Progress is kept in
.cache/suites/bad-link.json, one entry a finished part.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy import setup
from intake.wire.padding import media_plain_size, sealed_size
from tests.server.parts import EPOCH, Deployment, Forge, House, make_house
from tests.suites.bad_line import SERVER_ADDRESS, BadLine, Kind, bad_line

ROOT = Path(__file__).resolve().parents[2]
PROGRESS = ROOT / ".cache" / "suites" / "bad-link.json"
PHONE = ROOT / "web" / "tests" / "send" / "badlink.ts"
SLOW, QUICK = 64_000, 640_000
LOSS = 50
RESENT_MOST = 0.05
HEADERS_SHARE = 52 / 1448
MEDIAN_MOST_S = 15


@dataclass(frozen=True)
class Part:
    """One upload: the line and the size of the file in bytes."""

    kind: Kind
    size: int


UPLOADS = {
    "upload_20mb": Part(Kind(QUICK, LOSS, 60, 10), 20_000_000),
    "upload_20mb_forgetful": Part(Kind(QUICK, LOSS, 60, 10, forgets=True), 20_000_000),
    "upload_2mb": Part(Kind(SLOW, LOSS, 60, 10), 2_000_000),
}
REPORTS = Kind(SLOW, LOSS)


@contextlib.contextmanager
def serving(line: BadLine, house: House) -> Iterator[str]:
    """The server's address, while it runs in its namespace."""
    program = "import sys; from intake.server.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", program, "serve", "--data", str(house.data), "--host", SERVER_ADDRESS, "--port", "0"]
    command = line.inside(line.server_space, *words)
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        try:
            yield f"http://{SERVER_ADDRESS}:{port_of(process)}"
        finally:
            process.kill()


def port_of(process: subprocess.Popen[str]) -> int:
    """The port that a server says it listens on; raises OSError when it ends without."""
    for text in process.stderr or ():
        found = re.search(r"listening on port (\d+)", text)
        if found:
            return int(found[1])
    raise OSError("the server did not start")


def send(line: BadLine, url: str, kind: str, path: Path) -> dict[str, float]:
    """What one phone says of one file; raises CalledProcessError when it failed."""
    words = [*setup.node_command(), "--no-warnings", str(PHONE), url, kind, str(path), str(EPOCH)]
    done = subprocess.run(
        line.inside(line.phone_space, *words), capture_output=True, text=True, check=True, cwd=ROOT / "web"
    )
    said: dict[str, float] = json.loads(done.stdout)
    if said["state"] != "stored":
        raise ValueError(f"the phone gave up: {said}")
    return said


def media_of(size: int) -> bytes:
    """A sealed media object of about `size` bytes."""
    return Forge(1).sealed(sealed_size(2, media_plain_size(size)))


def upload(part: Part, folder: Path) -> dict[str, object]:
    """One upload over its line; the stored file is compared with what was sent."""
    path = folder / "sealed"
    path.write_bytes(media_of(part.size))
    house = make_house(folder, Deployment())
    with bad_line(part.kind) as line, serving(line, house) as url:
        said = send(line, url, "media", path)
        arrived, dark = line.arrived_bytes(line.server_space), line.dark_times
    (stored,) = (house.data / "objects").glob("*.age")
    resent = said["body_bytes"] / said["size"] - 1
    # Of a piece whose connection was forgotten nobody knows how much had left the phone: what arrived is counted then.
    twice = arrived / said["size"] / (1 + HEADERS_SHARE) - 1 if part.kind.forgets else resent
    identical = stored.read_bytes() == path.read_bytes()
    return {
        **{name: said[name] for name in ("size", "requests", "failed", "largest_piece")},
        "seconds": round(said["seconds"], 1),
        "black_outs": dark,
        "resent_share": round(resent, 4),
        "arrived_share": round(arrived / said["size"], 3),
        "passed": identical and twice <= RESENT_MOST,
    }


def reports(count: int, folder: Path) -> dict[str, object]:
    """How long each of `count` reports took to be acknowledged, on one line, one after another."""
    house = make_house(folder, Deployment())
    taken = []
    with bad_line(REPORTS) as line, serving(line, house) as url:
        for number in range(count):
            path = folder / f"report-{number}"
            path.write_bytes(Forge(number).sealed())
            taken.append(round(send(line, url, "report", path)["seconds"], 2))
    median = statistics.median(taken)
    return {
        "median_s": median,
        "worst_s": max(taken),
        "seconds": taken,
        "passed": median <= MEDIAN_MOST_S and house.count("objects") == count,
    }


def load() -> dict[str, dict[str, object]]:
    """The parts that are done."""
    found: dict[str, dict[str, object]] = json.loads(PROGRESS.read_text("utf-8")) if PROGRESS.is_file() else {}
    return found


def main(argv: list[str]) -> int:
    """Runs what is not done yet; returns 1 when a part misses its goal."""
    parser = argparse.ArgumentParser(prog="bad-link", description="a phone on a dying network")
    parser.add_argument("--reports", type=int, default=10, help="reports to send")
    parser.add_argument("--only", choices=[*UPLOADS, "reports"], help="this part alone, done or not")
    options = parser.parse_args(argv)
    done = load()
    for name in [options.only] if options.only else [*UPLOADS, "reports"]:
        if name in done and not options.only:
            continue
        with tempfile.TemporaryDirectory(prefix="intake-bad-link-") as folder:
            place = Path(folder)
            done[name] = reports(options.reports, place) if name == "reports" else upload(UPLOADS[name], place)
        PROGRESS.parent.mkdir(parents=True, exist_ok=True)
        PROGRESS.write_text(json.dumps(done), "utf-8")
        print(name, json.dumps(done[name]), flush=True)
    print(json.dumps(done))
    return 0 if all(part["passed"] for part in done.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
