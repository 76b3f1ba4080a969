"""`courier`: carries bundles to laptops and outboxes to servers, and can read neither."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from intake.courier.errors import CourierError, FileUnusable, HomeUnusable
from intake.courier.line import Line, open_line
from intake.courier.services.checking import check_bundle
from intake.courier.services.fetching import Fetch
from intake.courier.services.pushing import push, read_outboxes
from intake.courier.settings import HOME_VARIABLE, PRIVATE_FOLDER_MODE, Home, find_home, named_home, write_private
from intake.courier.signing import CourierKey, RequestSigner, load_courier_key, make_courier_key
from intake.wire.encoding import b64
from intake.wire.errors import WireError
from intake.wire.manifest import Roots, roots_from_json, roots_to_json

_PRIVATE_UMASK = 0o077
_TELL_SECONDS = 2.0


def run_init(options: argparse.Namespace) -> int:
    """Makes the courier's key, which `reviewer keys init` or `reviewer manifest make` takes, and pins the roots."""
    home = find_home(options.home)
    home.path.mkdir(mode=PRIVATE_FOLDER_MODE, parents=True, exist_ok=True)
    pinned = None if options.roots is None else _read_roots(options.roots)
    key = _make_or_complete(home, options.name, pinned is not None)
    print(f"courier key: {key.name} {b64(key.public)}")
    if pinned is None:
        print("next: courier init --home DIR --name NAME --roots FILE")
        return 0
    roots, rehearsal = pinned
    write_private(home.roots, roots_to_json(roots, rehearsal).encode())
    print(f"deployment: {roots.deployment}")
    return 0


def _read_roots(path: Path) -> tuple[Roots, bool]:
    try:
        return roots_from_json(path.read_text("utf-8").removesuffix("\n"))
    except OSError as error:
        raise FileUnusable(f"{str(path)!r}: {error.strerror}") from None
    except (ValueError, WireError):
        raise FileUnusable("the file of roots is not a deployment block") from None


def _make_or_complete(home: Home, name: str, with_roots: bool) -> CourierKey:
    """A new key; or the one that an earlier `courier init` made without roots, when these come now."""
    if with_roots and home.key.exists() and not home.roots.exists():
        key = load_courier_key(home.key)
        if key.name != name:
            raise HomeUnusable("the key in it has another name")
        return key
    try:
        return make_courier_key(home.key, name)
    except FileExistsError:
        raise HomeUnusable("there is a key already; it is never replaced") from None


def run_pull(options: argparse.Namespace) -> int:
    """Fetches the bundle that waits for a laptop; goes on where an earlier run stopped."""
    roots = _roots(find_home(options.home))
    with _line(options) as line:
        fetch = Fetch(line, options.out, roots, _Progress(), time.sleep)
        folder = fetch.run(options.laptop)
    print(folder)
    return 0


def run_push(options: argparse.Namespace) -> int:
    """Hands outboxes to the server and prints what it says; exit code 1 when it refuses one."""
    outboxes = read_outboxes(options.files)
    refused = 0
    with _line(options) as line:
        for path, data in outboxes:
            said = push(line, path, data)
            refused += not said.applied
            print(f"{said.file}: {'' if said.applied else 'refused: '}{said.words}")
    return 1 if refused else 0


def run_verify(options: argparse.Namespace) -> int:
    """Checks every file of a bundle folder, with --home also whose it is."""
    home = named_home(options.home)
    found = check_bundle(options.folder, _roots(home) if home else None)
    statement = found.statement
    print(
        f"whole: {statement.folder}, serial {statement.serial}, for {statement.laptop}, "
        f"{found.files} files, {found.bytes} bytes"
    )
    for name in found.unnamed:
        print(f"not part of it: {name!a}")
    return 0


def _roots(home: Home) -> Roots:
    home.check()
    try:
        return roots_from_json(home.roots.read_text("utf-8"))[0]
    except (OSError, ValueError, WireError):
        raise HomeUnusable("its roots cannot be read") from None


@contextmanager
def _line(options: argparse.Namespace) -> Iterator[Line]:
    home = find_home(options.home)
    roots = _roots(home)
    signer = RequestSigner(load_courier_key(home.key))
    with open_line(options.server, options.proxy, roots.deployment, signer) as line:
        yield line


class _Progress:
    """Tells how far it is every two seconds, where somebody looks."""

    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._told >= _TELL_SECONDS:
            self._told = time.monotonic()
            print(f"{done} of {total} bytes", file=sys.stderr)


def build_parser() -> argparse.ArgumentParser:
    """The parser with every verb; each sets `run`."""
    parser = argparse.ArgumentParser(prog="courier", description="Carries what it cannot read.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    init = _verb(verbs, "init", run_init)
    init.add_argument("--name", required=True, help="the courier's name in the manifest")
    init.add_argument("--roots", type=Path, help="the deployment block to pin; may be given later")
    pull = _verb(verbs, "pull", run_pull)
    _to_server(pull)
    pull.add_argument("--for", dest="laptop", required=True, metavar="LAPTOP", help="whom the bundle is for")
    pull.add_argument("--out", type=Path, required=True, metavar="DIR", help="the stick")
    push_verb = _verb(verbs, "push", run_push)
    _to_server(push_verb)
    push_verb.add_argument("files", type=Path, nargs="+", metavar="FILE", help="outboxes from a laptop")
    verify = _verb(verbs, "verify", run_verify)
    verify.add_argument("folder", type=Path, metavar="DIR", help="a bundle folder")
    return parser


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    words = (run.__doc__ or "").strip()
    parser = verbs.add_parser(name, help=words, description=words)
    parser.add_argument("--home", metavar="DIR", help=f"the courier's folder; or {HOME_VARIABLE}")
    parser.set_defaults(run=run)
    return parser


def _to_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--server", required=True, metavar="URL", help="https://HOST, or http:// for an onion")
    parser.add_argument("--proxy", metavar="URL", help="socks5://127.0.0.1:9050 for Tor")


def main(argv: list[str] | None = None) -> int:
    """Runs one verb; returns the exit code."""
    os.umask(_PRIVATE_UMASK)
    options = build_parser().parse_args(argv)
    try:
        return int(options.run(options))
    except CourierError as error:
        return _tell(str(error), error.hint)
    except WireError as error:
        return _tell(str(error), "see deploy/ERRORS.md")
    except OSError as error:
        return _tell(
            f"The disk or a file refused: {error.strerror}", "what has come is kept; look at room and permissions"
        )
    except KeyboardInterrupt:
        return _tell("Stopped.", "what has come is kept: the same command goes on where it stopped")


def _tell(message: str, hint: str) -> int:
    print(f"error: {message}\nhint: {hint}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
