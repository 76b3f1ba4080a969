"""Behind `tests/run` and `tests/bench`: sets up, then runs checks, tests, long suites and benchmarks.

    tests/run                      everything
    tests/run ARGUMENTS            pytest alone, with these arguments
    tests/run --suite NAME [...]   tests/suites/NAME.py, whose `main(argv) -> int` is seeded, keeps its
                                   progress in .cache/suites/NAME.json and goes on where it was stopped
    tests/bench NAME [...]         tests/benches/NAME.py, whose `main(argv) -> int` prints one JSON object
                                   as its last line

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
sys.path.insert(0, str(ROOT / "deploy"))

import setup  # noqa: E402

TOOLS = ["chromium", "curl", "firefox-esr", "iproute2", "nftables", "nginx-light", "postgresql", "strace", "wrk"]
WORKERS_MAX = 4
SKIPPED_REPORT = ROOT / ".cache" / "skipped.json"


def is_strict() -> bool:
    """Whether a missing tool is a failure here (CI or root) instead of a skip."""
    return os.environ.get("CI", "").lower() in {"1", "true"} or os.geteuid() == 0


def tell_error(message: str, hint: str) -> int:
    """Prints one `error:` and one `hint:` line; returns the exit code 1."""
    print(f"error: {message}\nhint: {hint}", file=sys.stderr)
    return 1


def checks() -> list[tuple[str, list[str], Path]]:
    """Every check before pytest, in order: its name, its command and the folder it runs in."""
    tools = setup.VENV / "bin"
    python = [
        ("ruff check", [str(tools / "ruff"), "check", "--quiet"]),
        ("ruff format", [str(tools / "ruff"), "format", "--check", "--quiet"]),
        ("mypy", [str(tools / "mypy"), "--strict"]),
        ("mypy deploy", [str(tools / "mypy"), "--strict", "--explicit-package-bases", "deploy"]),
        ("import contracts", [str(tools / "lint-imports"), "--no-logo"]),
    ]
    web = [(f"web {name}", [*setup.npm_command(), "run", "--silent", name]) for name in ("check", "lint", "test")]
    return [(n, c, ROOT) for n, c in python] + [(n, c, setup.WEB) for n, c in web]


def run_check(name: str, command: list[str], folder: Path) -> bool:
    """Runs one check, its output passing through; returns whether it passed."""
    started = time.monotonic()
    code = subprocess.run(command, cwd=folder, env=os.environ | setup.node_environment(), check=False).returncode
    print(f"{name}: {'ok' if code == 0 else 'FAILED'} ({time.monotonic() - started:.1f} s)", flush=True)
    return code == 0


def run_pytest(arguments: list[str]) -> int:
    """Runs pytest in `.venv/`; tests/conftest.py leaves the reasons of skipped tests in SKIPPED_REPORT."""
    SKIPPED_REPORT.unlink(missing_ok=True)
    environment = os.environ | setup.node_environment() | {"INTAKE_SKIPPED_REPORT": str(SKIPPED_REPORT)}
    return subprocess.run(
        [str(setup.PYTHON), "-m", "pytest", *arguments], cwd=ROOT, env=environment, check=False
    ).returncode


def on_all_cores() -> list[str]:
    """pytest's arguments for running whole test files side by side, none on one core."""
    workers = min(WORKERS_MAX, len(os.sched_getaffinity(0)))
    return ["-n", str(workers), "--dist", "loadfile"] if workers > 1 else []


def skipped_lines() -> list[str]:
    """One line for each reason for which the last pytest run skipped something."""
    if not SKIPPED_REPORT.is_file():
        return []
    return [f"skipped: {reason} ({count})" for reason, count in json.loads(SKIPPED_REPORT.read_bytes()).items()]


def run_everything() -> int:
    """All checks, then all tests; a failing check does not hide what the tests say."""
    if setup.main(["--apt", ",".join(TOOLS), "--build"]) != 0:
        return 1
    failed = [name for name, command, folder in checks() if not run_check(name, command, folder)]
    code = run_pytest(on_all_cores())
    failed += [f"missing tool {name}" for name in TOOLS if is_strict() and not setup.is_installed(name)]
    for line in [f"failed: {name}" for name in failed] + skipped_lines():
        print(line)
    return 1 if failed else code


def run_tests(arguments: list[str]) -> int:
    """pytest alone with `arguments`, after the setup."""
    code = setup.main(["--apt", ",".join(TOOLS), "--build"]) or run_pytest(arguments)
    print(*skipped_lines(), sep="\n", end="\n" if SKIPPED_REPORT.is_file() else "")
    return code


def available(folder: Path) -> dict[str, Path]:
    """The modules of `folder` that have a main: name with hyphens -> file."""
    files = sorted(folder.glob("[a-z]*.py"))
    return {path.stem.replace("_", "-"): path for path in files if "\ndef main(" in path.read_text("utf-8")}


def run_module(kind: str, folder: Path, arguments: list[str]) -> int:
    """Runs the suite or benchmark named first in `arguments`; lists them when none is so named."""
    known = available(folder)
    names = ", ".join(known) or "none yet"
    if not arguments:
        return tell_error(f"No {kind} named.", f"available: {names}")
    if arguments[0] not in known:
        return tell_error(f"There is no {kind} named {arguments[0]}.", f"available: {names}")
    if setup.main(["--apt", ",".join(TOOLS), "--build"]) != 0:
        return 1
    inside = [str(setup.PYTHON), str(TESTS / "runner.py"), "inside", str(known[arguments[0]]), *arguments[1:]]
    if kind == "benchmark":
        return run_benchmark(inside)
    return subprocess.run(inside, cwd=ROOT, env=os.environ | setup.node_environment(), check=False).returncode


def run_benchmark(command: list[str]) -> int:
    """Passes a benchmark's output through; fails when its last line is not one JSON object."""
    last = ""
    environment = os.environ | setup.node_environment()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout or ():
            print(line, end="", flush=True)
            last = line
    if child.returncode == 0 and not is_json_object(last):
        return tell_error("The benchmark's last line is not one JSON object.", "print the figures last")
    return child.returncode


def is_json_object(line: str) -> bool:
    """Whether `line` is one JSON object and nothing else."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def run_inside(path: Path, arguments: list[str]) -> int:
    """Loads the module at `path` and returns what its main(arguments) returns; runs in `.venv/`."""
    sys.path[:0] = [str(ROOT), str(path.parent)]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        return tell_error(f"{path.name} cannot be loaded.", "it must be a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return int(module.main(arguments))


def main(argv: list[str]) -> int:
    """Dispatches the two launchers: argv[0] is `run`, `bench` or, from inside `.venv/`, `inside`."""
    verb, *rest = argv
    if verb == "inside":
        return run_inside(Path(rest[0]), rest[1:])
    if verb == "bench":
        return run_module("benchmark", TESTS / "benches", rest)
    if rest[:1] == ["--suite"]:
        return run_module("suite", TESTS / "suites", rest[1:])
    return run_tests(rest) if rest else run_everything()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
