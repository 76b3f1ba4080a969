"""Making a rehearsal's keys: roots, one home folder a laptop, manifests for this week and the seven after it.

The first laptop named gets the home folder given and, being a rehearsal, the root keys; each other laptop gets
a folder of its own under it, `laptop-<name>/`, to be carried over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib.resources import files
from json import loads
from pathlib import Path

from intake.reviewer.errors import HomeExists, InputInvalid
from intake.reviewer.services.manifests import keep_manifest, sign_manifests
from intake.reviewer.settings import Home
from intake.wire.constants import BUILD, CARRY_EPOCH_FIRST, MANIFEST_GRACE_DAYS, RECIPIENTS_MAX
from intake.wire.errors import WireError
from intake.wire.manifest import (
    EpochKeys,
    Hotline,
    Manifest,
    NamedKey,
    Roots,
    Words,
    make_roots,
    roots_to_json,
)
from intake.wire.note import check_name
from keys.epochs import make_carry, make_epochs, public_half
from keys.keyfile import check_private_folder, write_private
from keys.ring import Keyring, Seeds, save_ring
from keys.signing import ManifestSigner

EPOCHS_AHEAD = 8
ROOT_COUNT = 3
QUORUM = 2
_FORMS = ("saw", "look", "released")


@dataclass(frozen=True)
class Words3:
    """The texts of a manifest that people read: who reads reports, whom to call, what to do next."""

    organisation: Words
    hotlines: tuple[Hotline, ...]
    next_steps: dict[str, Words]


@dataclass(frozen=True)
class Plan:
    """What a rehearsal is made of: laptop names, server base URLs, public log and receipt keys (32 bytes), texts, first
    day, couriers with their public keys.
    """

    laptops: tuple[str, ...]
    servers: tuple[str, ...]
    log_keys: tuple[bytes, ...]
    words: Words3
    today: date
    receipt_keys: tuple[bytes, ...] = ()
    couriers: tuple[NamedKey, ...] = ()


def rehearsal_words() -> Words3:
    """Return the texts that say in three languages that this is training."""
    data = loads(files("intake.reviewer").joinpath("rehearsal.json").read_text("utf-8"))
    return Words3(
        Words(**data["organisation"]),
        read_hotlines(data["hotlines"]),
        {form: Words(**data["next_steps"][form]) for form in _FORMS},
    )


def read_hotlines(value: object) -> tuple[Hotline, ...]:
    """Read [{"label": {"kk", "ru", "en"}, "number"}]; raises InputInvalid for another shape."""
    try:
        if not isinstance(value, list):
            raise TypeError
        return tuple(Hotline(Words(**each["label"]), str(each["number"])) for each in value)
    except (TypeError, KeyError):
        raise InputInvalid("hotlines are a list of label (kk, ru, en) and number") from None


def log_key_names(keys: Sequence[bytes]) -> tuple[NamedKey, ...]:
    """Return the names under which servers sign: log-1, log-2 and so on, in the order given."""
    return _named("log", keys)


def receipt_key_names(keys: Sequence[bytes]) -> tuple[NamedKey, ...]:
    """Return the names under which servers sign receipts: receipt-1, receipt-2 and so on, in the order given."""
    return _named("receipt", keys)


def _named(kind: str, keys: Sequence[bytes]) -> tuple[NamedKey, ...]:
    return tuple(NamedKey(f"{kind}-{index}", key) for index, key in enumerate(keys, 1))


def make_rehearsal(home: Home, plan: Plan, passphrase: str) -> list[Home]:
    """Make all keys, public files and signed manifests of a rehearsal; return the laptops' home folders.

    Raises HomeExists, InputInvalid, PassphraseTooShort, KeyFileLoose. Takes about a second a laptop.
    """
    homes = [home, *(Home(home.path / f"laptop-{name}") for name in plan.laptops[1:])]
    _check_plan(plan, homes)
    signers = [(f"root-{number}", Seeds.fresh().event) for number in range(1, ROOT_COUNT + 1)]
    root_signers = [ManifestSigner(name, seed) for name, seed in signers]
    roots = make_roots(QUORUM, [NamedKey(each.name, each.public_key) for each in root_signers])
    rings = [make_ring(name, roots, plan.today) for name in plan.laptops]
    rings[0] = replace(rings[0], roots=dict(signers))
    # Signed before anything is written: a mistyped address must not leave half a set-up.
    manifests = sign_manifests(roots, root_signers, draft_manifests(rings, roots, plan))
    for target, ring in zip(homes, rings, strict=True):
        _write_home(target, ring, roots, passphrase)
        for each in manifests:
            keep_manifest(target, each)
    return homes


def _check_plan(plan: Plan, homes: list[Home]) -> None:
    if not 1 <= len(plan.laptops) <= RECIPIENTS_MAX or len(set(plan.laptops)) != len(plan.laptops):
        raise InputInvalid(f"1 to {RECIPIENTS_MAX} laptops, each with a name of its own")
    for name in plan.laptops:
        try:
            check_name(name)
        except WireError:
            raise InputInvalid("a laptop's name has letters, digits, . _ and - only") from None
        if "/" in name or name.startswith("."):
            raise InputInvalid("a laptop's name has letters, digits, . _ and - only")
    if any(each.key_file.exists() or each.roots.exists() for each in homes):
        raise HomeExists


def make_ring(laptop: str, roots: Roots, today: date) -> Keyring:
    """Make one laptop's secrets, fresh: eight epochs from `today`, a carry epoch, five seeds; no root key."""
    return Keyring(
        laptop,
        roots.deployment,
        True,
        Seeds.fresh(),
        make_epochs(1, today, EPOCHS_AHEAD),
        make_carry(CARRY_EPOCH_FIRST, today),
    )


def draft_manifests(rings: list[Keyring], roots: Roots, plan: Plan) -> list[Manifest]:
    """Return one unsigned manifest an epoch, serials from 1, each valid from its epoch's first day."""
    carry = public_half([ring.carry for ring in rings])
    epochs = [public_half(halves) for halves in zip(*(ring.epochs for ring in rings), strict=True)]
    laptops = tuple(ring.public_keys() for ring in rings)
    first = Manifest(
        deployment=roots.deployment,
        serial=1,
        made=plan.today,
        not_before=plan.today,
        not_after=plan.today,
        rehearsal=True,
        organisation=plan.words.organisation,
        hotlines=plan.words.hotlines,
        next_steps=plan.words.next_steps,
        epoch=epochs[0],
        carry=carry,
        oldest_epoch=1,
        laptops=laptops,
        couriers=plan.couriers,
        log_keys=log_key_names(plan.log_keys),
        receipt_keys=receipt_key_names(plan.receipt_keys),
        revoked=(),
        servers=plan.servers,
        onions=(),
        minimum_build=BUILD,
        pages=(),
    )
    return [_for_epoch(first, serial, epoch) for serial, epoch in enumerate(epochs, 1)]


def _for_epoch(manifest: Manifest, serial: int, epoch: EpochKeys) -> Manifest:
    last = epoch.until + timedelta(days=MANIFEST_GRACE_DAYS)
    return replace(manifest, serial=serial, epoch=epoch, not_before=epoch.first, not_after=last)


def _write_home(home: Home, ring: Keyring, roots: Roots, passphrase: str) -> None:
    _make_folder(home.path)
    save_ring(home.key_file, ring, passphrase)
    write_private(home.roots, roots_to_json(roots, rehearsal=True).encode())


def _make_folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_private_folder(path)
