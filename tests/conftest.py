"""What all tests share: the tree of the project, the tools of the machine, the list of what was skipped."""

from __future__ import annotations

import collections
import fnmatch
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


def _is_ignored(path: Path, patterns: list[str]) -> bool:
    name, relative = path.name, path.relative_to(ROOT).as_posix()
    return any(fnmatch.fnmatch(name, p) or fnmatch.fnmatch(relative, p) for p in patterns)


def _walk(folder: Path, patterns: list[str]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if _is_ignored(path, patterns):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path, patterns)
        else:
            yield path


@pytest.fixture(scope="session")
def project_files() -> list[Path]:
    """Every file of the project that .gitignore does not name, whether committed yet or not."""
    lines = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    return list(_walk(ROOT, [".git", *(line.strip().rstrip("/") for line in lines if line.strip())]))


@pytest.fixture(scope="session")
def need_tool() -> Callable[[str], str]:
    """Finds a program; a test that needs one not installed is skipped, and fails in CI or as root."""

    def find(program: str) -> str:
        path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if path is None and (os.environ.get("CI", "").lower() in {"1", "true"} or os.geteuid() == 0):
            pytest.fail(f"{program} is not installed")
        if path is None:
            pytest.skip(f"{program} is not installed")
        return path

    return find


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Leaves the reasons of skipped tests, with their counts, where tests/run finds them."""
    target = os.environ.get("INTAKE_SKIPPED_REPORT")
    if target:
        reports = terminalreporter.stats.get("skipped", [])
        reasons = collections.Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in reports)
        Path(target).write_text(json.dumps(reasons), "utf-8")
