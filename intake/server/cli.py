"""`intake`: the server's command line. One `error:` and one `hint:` line when something is wrong, exit code 1."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from intake.server import setup
from intake.server.errors import OutboxRefused, ServerError
from intake.server.services.apply import apply_outbox, in_order
from intake.server.services.core import open_core
from intake.server.services.deletion import erase_due
from intake.server.services.export import export_bundle
from intake.server.services.status import status_lines
from intake.server.settings import Folder, Settings
from intake.wire.constants import MEDIA_SEALED_MAX_SIZE, NOTE_MAX_SIZE

_PRIVATE_UMASK = 0o077


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(Folder(options.data), getattr(options, "media_max", MEDIA_SEALED_MAX_SIZE))


def run_init(options: argparse.Namespace) -> int:
    """Makes or completes a data folder; what is there stays."""
    wishes = setup.Wishes(options.roots, tuple(options.manifest), options.log_name, options.decoy_secret)
    for line in setup.init(_settings(options), wishes):
        print(line)
    return 0


def run_serve(options: argparse.Namespace) -> int:
    """Serves until a signal asks to stop."""
    # The web framework takes longer to load than every other verb to run.
    from intake.server.serve import serve

    serve(_settings(options), options.host, options.port)
    return 0


def run_export(options: argparse.Namespace) -> int:
    """Writes a bundle folder; exit code 1 when an object in it is damaged."""
    options.out.mkdir(parents=True, exist_ok=True)
    with open_core(_settings(options)) as core:
        done = export_bundle(core, options.out, options.laptop)
    print(f"{done.folder}: bundle {done.serial}, {done.objects} objects, {done.bytes} bytes")
    for object_id in done.damaged:
        print(f"damaged: {object_id}")
    return 1 if done.damaged else 0


def run_apply(options: argparse.Namespace) -> int:
    """Applies outboxes, each whole or not at all; exit code 1 when one is refused."""
    refused = 0
    with open_core(_settings(options)) as core:
        notes = [setup.read_at_most(path, NOTE_MAX_SIZE) for path in options.files]
        for position in in_order(notes):
            path = options.files[position]
            try:
                done = apply_outbox(core, notes[position])
            except OutboxRefused as error:
                refused += 1
                print(f"error: {path.name}: {error}\nhint: {error.hint}", file=sys.stderr)
            else:
                print(f"{path.name}: {done.sentence}")
                if done.is_fork:
                    print(f"FORK: {done.laptop} has seen another log than this server signed: find out why")
    return 1 if refused else 0


def run_expire(options: argparse.Namespace) -> int:
    """Erases what every laptop has had for a week; the server does the same once a day."""
    with open_core(_settings(options)) as core:
        print(f"{erase_due(core)} objects erased")
    return 0


def run_status(options: argparse.Namespace) -> int:
    """Tells counts, bytes and days; nothing about any one object."""
    with open_core(_settings(options)) as core:
        for line in status_lines(core):
            print(line)
    return 0


def run_page(options: argparse.Namespace) -> int:
    """Stamps a built page with the roots and the newest manifest and installs it; prints the released hashes."""
    with open_core(_settings(options)) as core:
        for variant, released in core.pages.install(options.source, core.manifests.known().in_force).items():
            print(f"{variant}: {released}")
    return 0


def run_manifest_add(options: argparse.Namespace) -> int:
    """Adds key manifests."""
    with open_core(_settings(options)) as core:
        for line in setup.add_manifests(core, options.files):
            print(line)
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The parser with every verb; each sets `run`."""
    parser = argparse.ArgumentParser(prog="intake", description="The server: keeps what it cannot read.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    init = _verb(verbs, "init", run_init)
    init.add_argument("--roots", type=Path, help="the deployment block to pin; may be given later")
    init.add_argument("--manifest", type=Path, nargs="+", default=[], help="key manifests, signed")
    init.add_argument("--log-name", default="log-1", help="name of the log key in the manifest")
    init.add_argument("--decoy-secret", type=Path, help="32 bytes shared with the other mirrors")
    server = _verb(verbs, "serve", run_serve)
    server.add_argument("--host", default="127.0.0.1")
    server.add_argument("--port", type=int, default=8400, help="0 takes a free one and says which")
    server.add_argument(
        "--media-max", type=int, default=MEDIA_SEALED_MAX_SIZE, help="largest sealed media object in bytes"
    )
    export = _verb(verbs, "export", run_export)
    export.add_argument("--out", type=Path, required=True, help="folder in which the bundle is made")
    export.add_argument("--for", dest="laptop", metavar="LAPTOP", help="only what this laptop has not acked")
    apply = _verb(verbs, "apply", run_apply)
    apply.add_argument("files", type=Path, nargs="+", metavar="FILE", help="outboxes from a laptop")
    _verb(verbs, "expire", run_expire)
    _verb(verbs, "status", run_status)
    page = _verb(verbs, "page", run_page)
    page.add_argument("--from", dest="source", type=Path, required=True, help="folder of the built page")
    manifest = verbs.add_parser("manifest", help="key manifests").add_subparsers(required=True, metavar="VERB")
    add = _verb(manifest, "add", run_manifest_add)
    add.add_argument("files", type=Path, nargs="+", metavar="FILE")
    return parser


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]",
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
            f"error: {error.strerror or type(error).__name__}\nhint: look at the folders and addresses you named",
            file=sys.stderr,
        )
    return 1


if __name__ == "__main__":
    sys.exit(main())
