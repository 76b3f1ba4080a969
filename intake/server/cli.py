"""`intake`: the server's command line. One `error:` and one `hint:` line when something is wrong, exit code 1."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from intake.server import commands
from intake.server.errors import ServerError
from intake.server.settings import (
    CALM_RATE,
    MAILBOX_DAYS,
    REPLY_DELAY_MINUTES,
    RESERVE_SIZE,
    UNACKED_DAYS,
    UNFINISHED_HOURS,
)
from intake.wire.constants import MEDIA_SEALED_MAX_SIZE

_PRIVATE_UMASK = 0o077
Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def build_parser() -> argparse.ArgumentParser:
    """The parser with every verb; each sets `run`."""
    parser = argparse.ArgumentParser(prog="intake", description="The server: keeps what it cannot read.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    init = _verb(verbs, "init", commands.run_init)
    init.add_argument("--roots", type=Path, help="the deployment block to pin; may be given later")
    init.add_argument("--manifest", type=Path, nargs="+", default=[], help="key manifests, signed")
    init.add_argument("--log-name", default="log-1", help="name of the log key in the manifest")
    init.add_argument("--receipt-name", default="receipt-1", help="name of the receipt key in the manifest")
    init.add_argument("--decoy-secret", type=Path, help="32 bytes shared with the other mirrors")
    init.add_argument("--stores", type=Path, help="names a database and a bucket; only its owner may read it")
    server = _verb(verbs, "serve", commands.run_serve)
    server.add_argument("--host", default="127.0.0.1")
    server.add_argument("--port", type=int, default=8400, help="0 takes a free one and says which")
    _number(server, "--media-max", "media_max_bytes", MEDIA_SEALED_MAX_SIZE, "largest sealed media object in bytes")
    _number(server, "--reserve", "reserve_bytes", RESERVE_SIZE, "bytes held back for a full disk")
    _number(server, "--calm-rate", "calm_rate", CALM_RATE, "requests a second above which senders solve puzzles")
    _number(server, "--unfinished-hours", "unfinished_hours", UNFINISHED_HOURS, "how long unfinished media are kept")
    _number(server, "--reply-delay-minutes", "reply_delay_minutes", REPLY_DELAY_MINUTES, "mean wait of answers")
    _moving_verbs(verbs)
    _keeping_verbs(verbs, server)
    page = _verb(verbs, "page", commands.run_page)
    page.add_argument("--from", dest="source", type=Path, required=True, help="folder of the built page")
    manifest = verbs.add_parser("manifest", help="key manifests").add_subparsers(required=True, metavar="VERB")
    add = _verb(manifest, "add", commands.run_manifest_add)
    add.add_argument("files", type=Path, nargs="+", metavar="FILE")
    return parser


def _moving_verbs(verbs: Verbs) -> None:
    export = _verb(verbs, "export", commands.run_export)
    export.add_argument("--out", type=Path, required=True, help="folder in which the bundle is made")
    export.add_argument("--for", dest="laptop", metavar="LAPTOP", help="only what this laptop has not acked")
    apply = _verb(verbs, "apply", commands.run_apply)
    apply.add_argument("files", type=Path, nargs="+", metavar="FILE", help="outboxes from a laptop")
    _verb(verbs, "offload", commands.run_offload)
    moving = _verb(verbs, "move", commands.run_move)
    moving.add_argument("--stores", type=Path, required=True, help="names the new ones; only its owner may read it")


def _keeping_verbs(verbs: Verbs, server: argparse.ArgumentParser) -> None:
    expiring = _verb(verbs, "expire", commands.run_expire)
    expiring.add_argument("--dry-run", action="store_true", help="tells in counts what would go and why")
    for verb in (server, expiring):
        _number(verb, "--mailbox-days", "mailbox_days", MAILBOX_DAYS, "days after which an unused mailbox is emptied")
    check = _verb(verbs, "verify", commands.run_verify)
    check.add_argument("--repair", action="store_true", help="make good what can be without removing anything stored")
    status = _verb(verbs, "status", commands.run_status)
    status.add_argument("--check", action="store_true", help="for a monitor: exit code 1 and why, or ok")
    _verb(verbs, "metrics", commands.run_metrics)
    digesting = _verb(verbs, "digest", commands.run_digest)
    for verb in (server, status, digesting):
        _number(verb, "--unacked-days", "unacked_days", UNACKED_DAYS, "age of objects without any ack to be told of")


def _number(parser: argparse.ArgumentParser, option: str, setting: str, default: int, words: str) -> None:
    parser.add_argument(option, dest=setting, type=_count, default=default, metavar="N", help=f"{words} ({default})")


def _count(text: str) -> int:
    """An integer from 0 for argparse."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError("not a number from 0")
    return int(text)


def _verb(
    verbs: Verbs,
    name: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    words = (run.__doc__ or "").strip()
    parser = verbs.add_parser(name, help=words, description=words)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data folder")
    parser.set_defaults(run=run)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs one verb; returns the exit code."""
    os.umask(_PRIVATE_UMASK)
    options = build_parser().parse_args(argv)
    try:
        return int(options.run(options))
    except ServerError as error:
        print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
    except OSError as error:
        print(
            f"error: {error.strerror or type(error).__name__}{_named(error, options)}\n"
            "hint: look at the folders and addresses you named",
            file=sys.stderr,
        )
    return 1


def _named(error: OSError, options: argparse.Namespace) -> str:
    """`: 'FILE'` for a file of the command line; nothing for the data folder and all in it, which may reach a log."""
    values = [value for name, value in vars(options).items() if name != "data"]
    typed = {str(path) for each in values for path in (each if isinstance(each, list) else [each])}
    name = "" if error.filename is None else str(error.filename)
    return f": {name!r}" if name in typed else ""


if __name__ == "__main__":
    sys.exit(main())
