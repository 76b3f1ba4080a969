"""What the verbs of `intake` do: each takes the parsed options, prints its lines and returns the exit code."""

import argparse
import dataclasses
import sys

from intake.server import setup
from intake.server.errors import OutboxRefused
from intake.server.services.apply import apply_outbox, in_order
from intake.server.services.core import open_core
from intake.server.services.digest import digest
from intake.server.services.export import export_bundle
from intake.server.services.figures import collect
from intake.server.services.metrics import metrics_lines
from intake.server.services.move import move
from intake.server.services.offload import offload
from intake.server.services.retention import due, expire
from intake.server.services.status import alarms, status_lines
from intake.server.services.unfinished import kept_days
from intake.server.services.verify import verify
from intake.server.settings import Folder, Settings
from intake.wire.constants import NOTE_MAX_SIZE


def _settings(options: argparse.Namespace) -> Settings:
    known = {each.name for each in dataclasses.fields(Settings)}
    chosen = {name: value for name, value in vars(options).items() if name in known}
    return Settings(Folder(options.data), **chosen)


def run_init(options: argparse.Namespace) -> int:
    """Makes or completes a data folder; what is there stays."""
    wishes = setup.Wishes(
        options.roots,
        tuple(options.manifest),
        options.log_name,
        options.receipt_name,
        options.decoy_secret,
        options.stores,
    )
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
    """Writes a bundle folder; exit code 1 when an object in it is damaged, or its store did not answer."""
    options.out.mkdir(parents=True, exist_ok=True)
    with open_core(_settings(options)) as core:
        core.room.for_work()
        done = export_bundle(core, options.out, options.laptop)
    print(f"{done.folder}: bundle {done.serial}, {done.objects} objects, {done.bytes} bytes")
    for object_id in done.damaged:
        print(f"damaged: {object_id}")
    for object_id in done.unread:
        print(f"not readable now, comes with a later bundle: {object_id}")
    return 1 if done.damaged or done.unread else 0


def run_apply(options: argparse.Namespace) -> int:
    """Applies outboxes, each whole or not at all; exit code 1 when one is refused."""
    refused = 0
    with open_core(_settings(options)) as core:
        core.room.for_work()
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
    """Lets go what is due, as the server does once a day; --dry-run only tells what that would be and why."""
    settings = _settings(options)
    with open_core(settings) as core:
        core.room.for_work()
        if options.dry_run:
            lines = due(core).lines(settings.mailbox_days, kept_days(settings.unfinished_hours))
        else:
            lines = expire(core).lines()
        for line in lines:
            print(line)
    return 0


def run_offload(options: argparse.Namespace) -> int:
    """Moves all sealed media to the bucket now; exit code 1 when some differ from their record."""
    with open_core(_settings(options)) as core:
        done = offload(core, everything=True)
    print(f"{done.moved} media moved, {done.left} left, {done.refused} differ from their record and stay")
    return 1 if done.refused else 0


def run_move(options: argparse.Namespace) -> int:
    """Moves records and media to the stores that a file names, and compares them; no server may run."""
    for line in move(_settings(options), options.stores):
        print(line, flush=True)
    return 0


def run_verify(options: argparse.Namespace) -> int:
    """Compares everything stored with its records and the log; exit code 1 while something is wrong."""
    with open_core(_settings(options)) as core:
        found = verify(core, options.repair, lambda words: print(words, file=sys.stderr, flush=True))
    for line in found.lines():
        print(line)
    return 0 if found.whole else 1


def run_status(options: argparse.Namespace) -> int:
    """Tells counts, bytes and days; nothing about any one object."""
    with open_core(_settings(options)) as core:
        found = collect(core)
        wrong = [words for words, is_so in alarms(core, found).items() if is_so]
        lines = [f"problem: {words}" for words in wrong] or ["ok"] if options.check else status_lines(core, found)
        for line in lines:
            print(line)
    return 1 if options.check and wrong else 0


def run_metrics(options: argparse.Namespace) -> int:
    """Prints the figures in the Prometheus text format; they are served nowhere."""
    with open_core(_settings(options)) as core:
        for line in metrics_lines(collect(core)):
            print(line)
    return 0


def run_digest(options: argparse.Namespace) -> int:
    """Prints the daily digest, always as many bytes, for a mail."""
    with open_core(_settings(options)) as core:
        print(digest(core, collect(core)), end="")
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
