"""The server and the laptop of a rehearsal, each in its own folder and driven only through its command line."""

import json
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "web" / "dist"
VARIANTS = ("kk", "ru", "en", "all")
_POLL_SECONDS = 0.1
_RESERVE = str(1 << 20)
"""Bytes: a rehearsal's disk need not last through a flood."""
_LOG_KEY = re.compile(r"log key: (\S+) (\S+)")
_RECEIPT_KEY = re.compile(r"receipt key: receipt-1 (\S+)")


class StepFailed(Exception):
    """A step of the rehearsal failed; the text is what the tool said."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class Machines:
    """Folders under `root`: server/ (data), laptop/ (vault and keys), stick/ (what is carried), logs/."""

    root: Path
    port: int
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://{self.host}:{self.port}"

    @property
    def server(self) -> Path:
        """The server's data folder."""
        return self.root / "server"

    @property
    def laptop(self) -> Path:
        """The laptop's home: key file, public files, vault."""
        return self.root / "laptop"

    @property
    def stick(self) -> Path:
        """The memory stick between them."""
        return self.root / "stick"

    @property
    def logs(self) -> Path:
        """What the server printed."""
        return self.root / "logs"

    def is_set_up(self) -> bool:
        """Whether an earlier rehearsal with the same address lies here."""
        return (self.server / "page" / "page.all.html").exists()

    def set_up(self, say: Callable[[str], None] = lambda _: None) -> None:
        """Make keys, pin them on the server, stamp the pages."""
        for folder in (self.root, self.stick, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        say("server: data folder, log key and receipt key")
        printed = self.intake("init")
        found, receipt = _LOG_KEY.search(printed), _RECEIPT_KEY.search(printed)
        if found is None or receipt is None:
            raise StepFailed("intake init printed no keys")
        say("laptop: rehearsal keys (TRAINING, no real names)")
        keys = ["--log-key", found[2], "--receipt-key", receipt[1]]
        self.reviewer("keys", "init", "--rehearsal", *keys, "--server", self.url)
        manifests = sorted(str(p) for p in self.laptop.glob("manifest-*.note"))
        say("server: roots and manifests")
        self.intake("init", "--roots", str(self.laptop / "roots.json"), "--manifest", *manifests)
        for variant in VARIANTS:
            say(f"laptop: stamp page.{variant}.html")
            name = f"page.{variant}.html"
            target = self.server / "page" / name
            self.reviewer("page", "stamp", "--template", str(PAGES / name), "--out", str(target))

    def intake(self, verb: str, *more: str) -> str:
        """Run one verb of `intake` on the server's data and return what it printed."""
        return _run("intake", [*verb.split("/"), "--data", str(self.server), *more])

    def reviewer(self, *arguments: str, stdin: str = "") -> str:
        """Run one verb of `reviewer` on the laptop and return what it printed."""
        where = ["--home", str(self.laptop), "--passphrase-file", str(self._passphrase())]
        return _run("reviewer", [*where, *arguments], stdin)

    def _passphrase(self) -> Path:
        path = self.root / "rehearsal-passphrase"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(16) + "\n")
        return path

    @contextmanager
    def serving(self, *options: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run the server with these options until the block ends; its output goes to logs/server.log."""
        command = [_program("intake"), "serve", "--data", str(self.server)]
        command += ["--host", self.host, "--port", str(self.port), "--reserve", _RESERVE, *options]
        with (self.logs / "server.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
            try:
                self._wait_until_up(process)
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=30)

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        for _ in range(600):
            if process.poll() is not None:
                raise StepFailed(f"the server stopped at once; see {self.logs / 'server.log'}")
            try:
                with socket.create_connection((self.host, self.port), timeout=1):
                    return
            except OSError:
                time.sleep(_POLL_SECONDS)
        raise StepFailed("the server did not come up within a minute")

    def carry_to_laptop(self) -> Path:
        """Export a bundle on the server, import it on the laptop; returns the bundle's folder."""
        before = set(self.stick.glob("bundle-*"))
        self.intake("export", "--out", str(self.stick))
        (bundle,) = set(self.stick.glob("bundle-*")) - before
        self.reviewer("import", str(bundle))
        return bundle

    def carry_back(self) -> list[Path]:
        """Write outboxes on the laptop, apply them on the server; returns the outboxes."""
        before = set(self.stick.glob("outbox-*.note"))
        self.reviewer("outbox", "--out", str(self.stick), "--at-once")
        outboxes = sorted(set(self.stick.glob("outbox-*.note")) - before)
        self.intake("apply", *map(str, outboxes))
        return outboxes

    def reports(self) -> list[dict[str, object]]:
        """What the laptop lists."""
        printed = self.reviewer("list", "--json")
        listed = json.loads(printed[printed.index("{") :])["items"]
        if not isinstance(listed, list):
            raise StepFailed("reviewer list --json printed no items")
        return listed


def _program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _run(program: str, arguments: list[str], stdin: str = "") -> str:
    done = subprocess.run(
        [_program(program), *arguments],
        cwd=ROOT,
        input=stdin.encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise StepFailed(f"{program} {' '.join(arguments[:2])}: {said}")
    return done.stdout.decode()
