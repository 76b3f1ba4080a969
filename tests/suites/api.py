"""schemathesis over the description: tests/run --suite api [--minutes 10] [--seed 1]

Rounds of schemathesis, each with the next seed, against a real server on a fresh folder, until the time is up: requests
as the description says and requests that break it (and some that are better than chance: api_hooks.py). Wrong is an
answer of 500 or above, a status, content type, header or body that the description does not know, and a connection that
ends without an answer. Every other server is under pressure and asks everyone for puzzles. Rounds, cases and seconds of
all runs add up in .cache/suites/api.json; a finding makes the exit code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from intake.server.api.app import make_app
from tests.server.parts import EPOCH, Deployment, Forge, Server, make_house
from tests.suites.couriers import name_courier
from tests.suites.saving import Saved

PROGRESS = Path(__file__).resolve().parents[2] / ".cache" / "suites" / "api.json"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
EXAMPLES = 40
UPLOADS = 50
CREATED = 201
PRESSED = ("--calm-rate", "1")
# A form cannot solve puzzles: under pressure few are let in and the others are told 503, which is no defect.
FORMLESS = ("--exclude-path", "/forward")


@dataclass
class Progress(Saved):
    """What a seed has come to: rounds, cases that schemathesis made, seconds, what it said of failures."""

    rounds: int = 0
    cases: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)


def one_round(description: Path, url: str, seed: int, examples: int, *more: str) -> tuple[int, str]:
    """(cases made, what it said when it found something)."""
    program = str(Path(sys.executable).with_name("st"))
    words = [program, "run", str(description), "--url", url, "--checks", ",".join(CHECKS), "--no-color"]
    words += ["--phases", "examples,coverage,fuzzing", "--max-examples", str(examples), "--seed", str(seed)]
    words += ["--continue-on-failure", "--generation-database", "none", "--request-timeout", "30", "--warnings", "off"]
    words += ["--suppress-health-check", "all", *more]
    hooks = {"SCHEMATHESIS_HOOKS": str(Path(__file__).with_name("api_hooks.py"))}
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, cwd=description.parent, env=os.environ | hooks
    )
    cases = re.search(r"(\d+) generated", done.stdout)
    if done.returncode not in (0, 1) or cases is None:
        raise SystemExit(f"error: schemathesis did not run.\nhint: {done.stdout[-1500:]}{done.stderr[-1500:]}")
    return int(cases[1]), done.stdout[-6000:] if done.returncode else ""


def rounds(progress: Progress, minutes: float, path: Path | None, examples: int = EXAMPLES) -> None:
    """Rounds until the time is up, one at least."""
    until = time.monotonic() + minutes * 60
    while True:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="intake-api-") as name:
            _round(progress, Path(name), examples)
        progress.seconds += time.monotonic() - started
        if path:
            progress.save(path)
            print(told(progress), flush=True)
        if time.monotonic() >= until:
            return


def some_uploads(url: str) -> list[str]:
    """The ids of fresh uploads."""
    size = str(len(Forge(1).media()))
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": size, "Intake-Epoch": str(EPOCH)}
    with httpx.Client(base_url=url, trust_env=False) as client:
        answers = [client.post("/uploads", headers=headers) for _ in range(UPLOADS)]
    return [answer.headers["location"][-32:] for answer in answers if answer.status_code == CREATED]


def _round(progress: Progress, folder: Path, examples: int) -> None:
    house = make_house(folder, Deployment())
    courier = name_courier(house, bytes(range(32)))
    with house.open() as core:
        (folder / "openapi.json").write_text(json.dumps(make_app(core).openapi()), "utf-8")
    is_pressed = progress.rounds % 2 == 1
    server = Server(house, "--media-max", str(1 << 20), *(PRESSED if is_pressed else ()))
    known = {"seed": courier.seed.hex(), "deployment": courier.deployment, "url": server.url}
    (folder / "known.json").write_text(json.dumps(known | {"uploads": some_uploads(server.url)}), "ascii")
    seed = progress.seed * 1000 + progress.rounds
    more = FORMLESS if is_pressed else ()
    cases, found = one_round(folder / "openapi.json", server.url, seed, examples, *more)
    progress.rounds += 1
    progress.cases += cases
    log = server.log.read_text("utf-8") if server.stop() == 0 else "the server did not stop"
    progress.failures += [found] if found else []
    progress.failures += [] if house.count("objects") else ["no report was taken: only refusals were tried"]
    progress.failures += [log] if "unexpected error" in log or "did not stop" in log else []


def told(progress: Progress) -> str:
    return (
        f"{progress.rounds} rounds, {progress.cases} cases, {progress.seconds:.0f} s, {len(progress.failures)} failures"
    )


def main(argv: list[str]) -> int:
    """Runs the suite; returns 1 when anything was ever found with this seed."""
    parser = argparse.ArgumentParser(prog="api", description="schemathesis over the description of the server")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    progress = Progress.load(PROGRESS, options.seed)
    rounds(progress, options.minutes, PROGRESS)
    for failure in progress.failures[:3]:
        print(failure)
    print(told(progress))
    return 1 if progress.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
