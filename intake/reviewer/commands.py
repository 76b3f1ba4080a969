"""The verbs of daily work. Each takes the parsed arguments, prints, and returns the exit code."""

import shutil
import sys
import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection

from intake.reviewer.as_json import items_json
from intake.reviewer.errors import BundleRefused, InputInvalid, NotFound
from intake.reviewer.services.events import read_events
from intake.reviewer.services.importing import Importer
from intake.reviewer.services.media import export_media
from intake.reviewer.services.outboxes import write_outboxes
from intake.reviewer.services.recording import ImportResult
from intake.reviewer.services.replying import compose_reply
from intake.reviewer.services.reports import find_item, read_items
from intake.reviewer.services.state import Answer, fold
from intake.reviewer.services.status import count_unopened, read_status
from intake.reviewer.session import notice, open_session
from intake.reviewer.show import list_lines, show_lines
from intake.reviewer.show_results import result_lines, status_lines
from intake.wire.constants import REPLY_TEXT_MAX_SIZE

_PROGRESS_SECONDS = 2.0
_TEXT_MAX_SIZE = 64 * 1024


def import_paths(arguments: Namespace) -> int:
    """`reviewer import PATH...`: 1 when a bundle is refused, or a file that was named itself is no sealed object."""
    with open_session(arguments) as session:
        importer = Importer(session.vault, session.ring, session.today, _Progress())
        results: list[ImportResult] = []
        refused = False
        for path in arguments.paths:
            try:
                found = importer.run(Path(path))
            except (BundleRefused, NotFound) as error:
                # What else was named must not stay out because of it.
                notice(f"error: {error}\nhint: {error.hint}")
                refused = True
                continue
            for result in found:
                print(*result_lines(result), sep="\n")
            results += found
    return 1 if refused or any(each.findings.refused and each.asked for each in results) else 0


def list_items(arguments: Namespace) -> int:
    """`reviewer list`: every item, oldest first."""
    with open_session(arguments) as session, session.vault.begin() as connection:
        items, replies = read_items(connection), _replies(connection)
        unopened = count_unopened(connection)
    if arguments.json:
        print(items_json(items, replies, session.ring.rehearsal, unopened))
        return 0
    print(*list_lines(items, replies, _width(), arguments.lang or "en"), sep="\n")
    if unopened:
        print(f"{unopened} late or junk, cannot be told apart: no key here opens them")
    return 0


def show_item(arguments: Namespace) -> int:
    """`reviewer show N`: all that an item says."""
    with open_session(arguments) as session, session.vault.begin() as connection:
        item, replies = find_item(connection, arguments.number), _replies(connection)
    print(*show_lines(item, replies.get(item.number, []), _width(), arguments.lang), sep="\n")
    return 0


def export_files(arguments: Namespace) -> int:
    """`reviewer media N --out DIR`: an item's files in the clear."""
    with open_session(arguments) as session:
        with session.vault.begin() as connection:
            item = find_item(connection, arguments.number)
        notice("warning: these files leave the vault unencrypted; a seized disk gives them away")
        notice("warning: they come from strangers and may attack the program that opens them")
        for path, size in export_media(session.vault, session.ring, item, Path(arguments.out)):
            print(f"{path} {size}")
    return 0


def reply(arguments: Namespace) -> int:
    """`reviewer reply N`: an answer to whoever holds the report's return code."""
    with open_session(arguments) as session, session.vault.begin() as connection:
        item = find_item(connection, arguments.number)
        answer = compose_reply(connection, session.ring, item, _read_text(arguments), session.today)
    size = len(answer.text.encode())
    print(f"answer {answer.number} to number {item.number}: {size} of {REPLY_TEXT_MAX_SIZE} bytes")
    print("it goes out with the next: reviewer outbox --out DIR")
    return 0


def outbox(arguments: Namespace) -> int:
    """`reviewer outbox --out DIR`: acks and replies, each a signed note."""
    with open_session(arguments) as session:
        folder = Path(arguments.out)
        paths = write_outboxes(session.vault, session.ring, folder, session.today, arguments.again, arguments.at_once)
    print(*paths, sep="\n") if paths else print("nothing waits to go out")
    return 0


def status(arguments: Namespace) -> int:
    """`reviewer status`: checks the chain of events and says what waits."""
    with open_session(arguments) as session, session.vault.begin() as connection:
        found = read_status(connection, session.ring)
    print(*status_lines(found, session.ring), sep="\n")
    return 0


def _replies(connection: Connection) -> Mapping[int, list[Answer]]:
    by_item: dict[int, list[Answer]] = defaultdict(list)
    for each in fold(read_events(connection)).answers:
        by_item[each.item].append(each)
    return by_item


def _width() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def _read_text(arguments: Namespace) -> str:
    try:
        if arguments.text_file:
            data = Path(arguments.text_file).read_bytes()
        else:
            if sys.stdin.isatty():
                notice("write the answer; end with Ctrl-D on a line of its own")
            data = sys.stdin.buffer.read(_TEXT_MAX_SIZE)
        return data[:_TEXT_MAX_SIZE].decode()
    except (OSError, UnicodeDecodeError):
        raise InputInvalid("the answer's text cannot be read as UTF-8") from None


class _Progress:
    """Says how far an import is, at most every 2 seconds, and nothing about one that is done before."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _PROGRESS_SECONDS

    def __call__(self, done: int, total: int) -> None:
        """Take the counts."""
        if time.monotonic() >= self._next:
            notice(f"{done:,} of {total:,} objects")
            self._next = time.monotonic() + _PROGRESS_SECONDS
