"""`deploy/demo` after set-up: makes a rehearsal, then either serves it or checks the whole round trip."""

import argparse
import json
import shutil
import signal
import socket
import sys
import time
from types import FrameType

from playwright.sync_api import Error as BrowserError

from deploy.rehearsal.check import Check, Differs
from deploy.rehearsal.machines import ROOT, Machines, StepFailed, free_port

PORT = 8400
DATA = ROOT / "demo-data"
_START = time.monotonic()


def say(text: str) -> None:
    """Print a line of progress with the seconds since the start, to standard error."""
    print(f"[{time.monotonic() - _START:6.1f} s] {text}", file=sys.stderr, flush=True)


def run_check() -> int:
    """Make a fresh rehearsal, do the round trip, print one JSON object as the last line; 0 only if all matches."""
    folder = DATA / "check"
    shutil.rmtree(folder, ignore_errors=True)
    machines = Machines(folder, free_port())
    try:
        machines.set_up(say)
        figures = Check(machines, say).run()
    except (StepFailed, Differs, BrowserError) as error:
        print(f"error: {error}", file=sys.stderr)
        print(json.dumps({"ok": False}))
        return 1
    print(json.dumps(figures))
    return 0


def run_demo(port: int) -> int:
    """Serve a rehearsal, made new when there is none yet, until interrupted."""
    machines = Machines(DATA / f"rehearsal-{port}", port)
    if not _is_free(port):
        print(
            f"error: port {port} is taken, by another demo or another program\nhint: deploy/demo --port N",
            file=sys.stderr,
        )
        return 1
    try:
        if not machines.is_set_up():
            machines.set_up(say)
        with machines.serving() as process:
            print(_words(machines), flush=True)
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, _interrupt)
            process.wait()
    except StepFailed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("stopped; everything is kept in " + str(machines.root.relative_to(ROOT)))
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Being told to stop is the same as Ctrl-C: the server stops too."""
    raise KeyboardInterrupt


def _port(text: str) -> int:
    """Read a TCP port for argparse."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _words(machines: Machines) -> str:
    root = machines.root.relative_to(ROOT)
    tools = ".venv/bin/"
    return f"""
TRAINING, no real names. The page is at

    {machines.url}/

Send something from it. Then, in another terminal in this folder:

    {tools}intake export --data {root}/server --out {root}/stick       # what goes on the memory stick
    alias reviewer="{tools}reviewer --home {root}/laptop --passphrase-file {root}/rehearsal-passphrase"
    reviewer import {root}/stick/bundle-*                       # on the laptop, which has no network
    reviewer list
    reviewer show 1
    reviewer reply 1                                            # type an answer, end with Ctrl-D
    reviewer outbox --out {root}/stick --at-once                # without it answers appear about an hour later
    {tools}intake apply --data {root}/server {root}/stick/outbox-*.note && rm {root}/stick/outbox-*.note

(that last one on the server again) and read the answer on the page with the return code. Stop with Ctrl-C."""


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="deploy/demo", description="A rehearsal of Intake on this machine.")
    parser.add_argument("--check", action="store_true", help="do the whole round trip by itself")
    parser.add_argument("--port", type=_port, default=PORT, help="where to serve on 127.0.0.1")
    options = parser.parse_args()
    DATA.mkdir(mode=0o700, exist_ok=True)
    return run_check() if options.check else run_demo(options.port)


if __name__ == "__main__":
    sys.exit(main())
