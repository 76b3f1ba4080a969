"""The verbs about keys and pages: `keys init`, `manifest make`, `page stamp`, `page hash`."""

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from intake.reviewer.cleaning import clean_line
from intake.reviewer.errors import CeremonyMissing, InputInvalid
from intake.reviewer.services.manifests import current_manifest, read_roots, remake_manifests
from intake.reviewer.services.setup import (
    Plan,
    Words3,
    log_key_names,
    make_rehearsal,
    read_hotlines,
    receipt_key_names,
    rehearsal_words,
)
from intake.reviewer.session import notice, read_passphrase, today, unlock
from intake.reviewer.settings import find_home
from intake.wire.constants import ED25519_KEY_SIZE, REHEARSAL_NOTICE, SHA256_SIZE
from intake.wire.encoding import unb64, unhex
from intake.wire.errors import WireError
from intake.wire.manifest import Hotline, Manifest, NamedKey
from intake.wire.note import check_name
from intake.wire.page import released_hash, stamp

_FILE_MAX_SIZE = 16 * 1024**2


def keys_init(arguments: Namespace) -> int:
    """`reviewer keys init --rehearsal`: all keys, roots.json and the manifests for eight weeks."""
    if not arguments.rehearsal:
        raise CeremonyMissing
    notice(REHEARSAL_NOTICE)
    words = _words(arguments, rehearsal_words())
    laptops = tuple(arguments.laptops.split(","))
    log_keys, receipt_keys = _keys(arguments.log_key), _keys(arguments.receipt_key)
    couriers = _couriers(arguments.courier)
    plan = Plan(laptops, tuple(arguments.server), log_keys, words, today(), receipt_keys, couriers)
    home = find_home(arguments.home)
    homes = make_rehearsal(home, plan, read_passphrase(arguments, new=True))
    for name, each in zip(laptops, homes, strict=True):
        print(f"laptop {name}: {each.path}")
    print(f"roots: {home.roots}")
    print(f"manifest: {home.manifest(1)} (and those of the next weeks beside it)")
    if not plan.log_keys:
        notice("no server key is in the manifest yet: reviewer manifest make --log-key KEY")
    return 0


def manifest_make(arguments: Namespace) -> int:
    """`reviewer manifest make`: this week's manifest and those ahead, changed and signed under new serials."""
    home, ring = unlock(arguments)
    keys, receipt_keys = _keys(arguments.log_key), _keys(arguments.receipt_key)
    couriers = _couriers(arguments.courier)
    revoked = tuple(_sha256(each) for each in arguments.revoke)

    def change(old: Manifest) -> Manifest:
        words = _words(arguments, Words3(old.organisation, old.hotlines, old.next_steps))
        return replace(
            old,
            organisation=words.organisation,
            hotlines=words.hotlines,
            log_keys=log_key_names(keys) if keys else old.log_keys,
            receipt_keys=receipt_key_names(receipt_keys) if receipt_keys else old.receipt_keys,
            couriers=couriers or old.couriers,
            servers=tuple(arguments.server) or old.servers,
            revoked=tuple(dict.fromkeys((*old.revoked, *revoked))),
        )

    made = remake_manifests(home, ring, today(), change)
    print(*(home.manifest(each.serial) for each in made), sep="\n")
    return 0


def page_stamp(arguments: Namespace) -> int:
    """`reviewer page stamp`: a built page with this deployment's roots and its current manifest put in."""
    home = find_home(arguments.home)
    manifest = current_manifest(home, read_roots(home), today())
    if manifest.manifest.rehearsal:
        notice(REHEARSAL_NOTICE)
    page = stamp(_read(arguments.template), home.roots.read_text("utf-8"), manifest.data)
    Path(arguments.out).write_bytes(page)
    print(released_hash(page))
    return 0


def page_hash(arguments: Namespace) -> int:
    """`reviewer page hash`: the released hash, which no manifest inside the page changes."""
    print(released_hash(_read(arguments.page)))
    return 0


def _words(arguments: Namespace, old: Words3) -> Words3:
    given = {lang: getattr(arguments, f"organisation_{lang}") for lang in ("kk", "ru", "en")}
    organisation = replace(old.organisation, **{lang: text for lang, text in given.items() if text})
    return replace(old, organisation=organisation, hotlines=_hotlines(arguments) or old.hotlines)


def _hotlines(arguments: Namespace) -> tuple[Hotline, ...]:
    if not arguments.hotlines:
        return ()
    try:
        return read_hotlines(json.loads(_read(arguments.hotlines)))
    except ValueError:
        raise InputInvalid("the hotlines file is not JSON") from None


def _keys(texts: Sequence[str]) -> tuple[bytes, ...]:
    try:
        return tuple(unb64(each, ED25519_KEY_SIZE) for each in texts)
    except WireError:
        raise InputInvalid("a server's key is 44 characters of base64, as `intake init` prints it") from None


def _couriers(texts: Sequence[str]) -> tuple[NamedKey, ...]:
    try:
        pairs = [each.split(" ") for each in texts]
        couriers = tuple(NamedKey(check_name(name), unb64(key, ED25519_KEY_SIZE)) for name, key in pairs)
    except (ValueError, WireError):
        raise InputInvalid("a courier is its name, a blank and its key, as `courier init` prints them") from None
    if len({each.name for each in couriers}) != len(couriers):
        raise InputInvalid("each courier has a name of its own")
    return couriers


def _sha256(text: str) -> str:
    try:
        return unhex(text, SHA256_SIZE).hex()
    except WireError:
        raise InputInvalid("what is revoked is named by 64 hex digits, the SHA-256 of the public key") from None


def _read(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            return file.read(_FILE_MAX_SIZE)
    except OSError as error:
        raise InputInvalid(f"{clean_line(name)}: {error.strerror}") from None
