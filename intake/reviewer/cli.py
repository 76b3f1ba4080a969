"""The `reviewer` command: arguments in, one `error:` and one `hint:` line out when something is wrong."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TypeAlias

from sqlalchemy.exc import SQLAlchemyError

from intake.reviewer import commands, key_commands
from intake.reviewer.errors import NotFound, ReviewerError, VaultUnreadable
from intake.reviewer.memory import refuse_core_dumps
from intake.reviewer.network import refuse_network
from intake.wire.constants import LANGUAGES
from intake.wire.errors import WireError
from keys.errors import KeyFileLoose, KeysError, PassphraseTooShort, WrongPassphrase

Verb = Callable[[argparse.Namespace], int]
Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
_KEY_HINTS = {
    KeyFileLoose: "chmod 700 the folder and 600 the file, and think about who may have read them",
    PassphraseTooShort: "take six words that a machine chose",
    WrongPassphrase: "check the keyboard's language",
}


def main() -> None:
    """Run the command and leave with its exit code; from the first line on nothing here reaches a network."""
    refuse_core_dumps()
    refuse_network()
    sys.exit(run(sys.argv[1:]))


def run(argv: Sequence[str]) -> int:
    """Carry out one command line; return 0, or 1 after an error was printed."""
    arguments = build_parser().parse_args(argv)
    verb: Verb = arguments.verb
    try:
        return verb(arguments)
    except ReviewerError as error:
        return _tell(str(error), error.hint)
    except KeysError as error:
        return _tell(str(error), _KEY_HINTS.get(type(error), ""))
    except WireError as error:
        return _tell(str(error), "")
    except FileNotFoundError:
        return _tell(str(NotFound()), NotFound.hint)
    except OSError as error:
        return _tell(f"The disk or a file refused: {error.strerror}.", "look at space and permissions")
    except SQLAlchemyError as error:
        # Its own text names files and statements.
        if "full" in str(getattr(error, "orig", "")):
            return _tell("The disk is full.", "what was done is kept; make room, and the same command goes on")
        return _tell(str(VaultUnreadable()), VaultUnreadable.hint)
    except KeyboardInterrupt:
        return _tell("Stopped.", "what was done is kept; the same command goes on")


def _tell(message: str, hint: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)
    return 1


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line, every verb and option."""
    parser = argparse.ArgumentParser(prog="reviewer", description="Reads sealed reports on a laptop without network.")
    parser.set_defaults(home=None, passphrase_file=None)
    _add_common(parser)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _add_key_verbs(verbs)
    _add_work_verbs(verbs)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    # SUPPRESS: an option left out after the verb must not undo the one given before it.
    suppress = argparse.SUPPRESS
    parser.add_argument("--home", metavar="DIR", default=suppress, help="the laptop's folder (or REVIEWER_HOME)")
    help_text = "file with the passphrase in its first line; - for standard input"
    parser.add_argument("--passphrase-file", metavar="FILE", default=suppress, help=help_text)


def _verb(verbs: Subparsers, name: str, verb: Verb, help_text: str) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=help_text, description=help_text)
    parser.set_defaults(verb=verb)
    _add_common(parser)
    return parser


def _group(verbs: Subparsers, name: str, help_text: str) -> Subparsers:
    return verbs.add_parser(name, help=help_text).add_subparsers(required=True, metavar="VERB")


def _add_key_verbs(verbs: Subparsers) -> None:
    keys = _group(verbs, "keys", "make this laptop's keys")
    init = _verb(keys, "init", key_commands.keys_init, "make keys, roots and manifests")
    init.add_argument("--rehearsal", action="store_true", help="training: no real names (needed, for now)")
    init.add_argument("--laptops", default="A", metavar="A,B,C", help="1 to 3 laptops; this is the first")
    manifest = _group(verbs, "manifest", "sign key manifests")
    make = _verb(manifest, "make", key_commands.manifest_make, "sign the manifests anew, with changes")
    make.add_argument("--revoke", action="append", default=[], metavar="HEX", help="SHA-256 of a public key")
    for each in (init, make):
        each.add_argument("--server", action="append", default=[], metavar="URL", help="may be given again")
        each.add_argument("--log-key", action="append", default=[], metavar="BASE64", help="a server's public key")
        each.add_argument("--receipt-key", action="append", default=[], metavar="BASE64", help="its receipt key")
        each.add_argument("--courier", action="append", default=[], metavar="'NAME BASE64'", help="a courier's key")
        each.add_argument("--hotlines", metavar="FILE", help="JSON: [{label: {kk, ru, en}, number}]")
        for lang in LANGUAGES:
            each.add_argument(f"--organisation-{lang}", metavar="TEXT", help="who reads the reports")
    page = _group(verbs, "page", "stamp and hash the page that phones load")
    stamp = _verb(page, "stamp", key_commands.page_stamp, "put roots and manifest into a built page")
    stamp.add_argument("--template", required=True, metavar="FILE")
    stamp.add_argument("--out", required=True, metavar="FILE")
    _verb(page, "hash", key_commands.page_hash, "print the released hash").add_argument("page", metavar="FILE")


def _add_work_verbs(verbs: Subparsers) -> None:
    take = _verb(verbs, "import", commands.import_paths, "take bundles and sealed files into the vault")
    take.add_argument("paths", nargs="+", metavar="PATH")
    listing = _verb(verbs, "list", commands.list_items, "list every report, oldest first")
    listing.add_argument("--json", action="store_true", help="all there is, for programs")
    show = _verb(verbs, "show", commands.show_item, "show all that a report says")
    for each in (listing, show):
        each.add_argument("--lang", choices=LANGUAGES, help="language of the labels")
    media = _verb(verbs, "media", commands.export_files, "write a report's files, decrypted, to a folder")
    media.add_argument("--out", required=True, metavar="DIR", help="outside the home folder, yours alone")
    answer = _verb(verbs, "reply", commands.reply, "write an answer to a report")
    answer.add_argument("--text-file", metavar="FILE", help="the answer; else standard input")
    for each in (show, media, answer):
        each.add_argument("number", type=int, metavar="N")
    outbox = _verb(verbs, "outbox", commands.outbox, "write what goes back to the servers")
    outbox.add_argument("--out", required=True, metavar="DIR")
    outbox.add_argument("--again", action="store_true", help="also all that went out before (a stick was lost)")
    outbox.add_argument("--at-once", action="store_true", help="answers appear as soon as they are applied, together")
    _verb(verbs, "status", commands.status, "check the vault and say what waits")
