"""The server's tests on every kind of stores: tests/run --suite stores [--kind KIND] [--only MODULE] [--again]

Each module that can stand on other stores, and the courier's tests, run on SQLite or PostgreSQL with a folder or a
bucket, all four pairs; the modules that need two processes or a bucket run as they are. What has passed is kept in
.cache/suites/stores.json and not run again, unless with --again. Exit code 1 when any failed.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.server.houses import EVERY, IN_THE_SUITE, KIND_VARIABLE, ON_ALL_STORES, TWO

ROOT = Path(__file__).resolve().parents[2]
PROGRESS = ROOT / ".cache" / "suites" / "stores.json"
AS_THEY_ARE = (
    *("test_stores", "test_blobs", "test_schema", "test_move", "test_processes", "test_many_writers"),
    *("test_bucket_away", "test_kept_times"),
)
COURIER = "courier"
_PASSED = re.compile(r"(\d+) passed")


def pairs(kinds: list[str], only: str | None) -> list[tuple[str, str]]:
    """Every module with every kind, and those that choose theirs themselves."""
    found = [(module, kind) for kind in kinds for module in sorted(ON_ALL_STORES | IN_THE_SUITE)]
    # A courier goes to one server.
    found += [(COURIER, kind) for kind in kinds if kind != TWO]
    found += [(module, "as it is") for module in AS_THEY_ARE]
    return [pair for pair in found if only in (None, pair[0])]


def run(module: str, kind: str) -> tuple[bool, str]:
    """Runs one module; returns whether it passed, and the last line of what pytest said."""
    environment = os.environ | ({} if kind == "as it is" else {KIND_VARIABLE: kind})
    path = "tests/courier" if module == COURIER else f"tests/server/{module}.py"
    command = [sys.executable, "-m", "pytest", "-q", path]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        print(ran.stdout)
    return ran.returncode == 0, (ran.stdout.strip().splitlines() or ["nothing"])[-1]


def main(argv: list[str]) -> int:
    """Runs what has not passed yet; prints a line for each and the sum."""
    parser = argparse.ArgumentParser(prog="tests/run --suite stores")
    parser.add_argument("--kind", choices=EVERY)
    parser.add_argument("--only")
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args(argv)
    done = {} if options.again or not PROGRESS.is_file() else json.loads(PROGRESS.read_text("utf-8"))
    failed = 0
    for module, kind in pairs([options.kind] if options.kind else list(EVERY), options.only):
        name = f"{module} on {kind}"
        if name in done:
            continue
        passed, line = run(module, kind)
        print(f"{name}: {line}", flush=True)
        failed += not passed
        if passed:
            found = _PASSED.search(line)
            done[name] = int(found[1]) if found else 0
            PROGRESS.parent.mkdir(parents=True, exist_ok=True)
            PROGRESS.write_text(json.dumps(done, indent=1), "utf-8")
    print(f"{len(done)} passed with {sum(done.values())} tests, {failed} failed")
    return 1 if failed else 0
