"""A phone that seals and a server that bundles, both written with wire and keys alone: no server code on a laptop."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.reviewer.services.events import read_events, verify_chain
from intake.reviewer.services.importing import Importer, ImportResult
from intake.reviewer.services.manifests import keep_manifest, sign_manifests
from intake.reviewer.services.outboxes import write_outboxes
from intake.reviewer.services.replying import compose_reply
from intake.reviewer.services.reports import Item, read_items
from intake.reviewer.services.setup import Plan, draft_manifests, make_ring, rehearsal_words
from intake.reviewer.services.state import Answer, State, fold
from intake.reviewer.settings import Home
from intake.reviewer.storage import Vault, open_vault
from intake.wire.bundle import (
    BAGIT_TXT,
    HEADS_NAME,
    INDEX_NAME,
    LEAVES_NAME,
    MANIFEST_NAME,
    BundleStatement,
    bag_info,
    bag_manifest,
    write_heads,
)
from intake.wire.bundle_index import IndexEntry, Layout
from intake.wire.constants import OBJECT_MEDIA, OBJECT_SMALL
from intake.wire.frame import (
    Closing,
    ClosingEntry,
    Common,
    FollowUp,
    Media,
    ReplyBlock,
    Section,
    pack,
    pack_padded,
)
from intake.wire.log import Head, leaf, tree_root
from intake.wire.manifest import NamedKey, Roots, make_roots, parse_manifest, roots_to_json
from intake.wire.note import Note, Signature, key_id, write_note
from intake.wire.outbox import Outbox, parse_outbox
from intake.wire.padding import media_plain_size, small_class, small_plain_size
from intake.wire.section import SectionBody, write_section
from keys.age import HybridRecipient, seal_bytes
from keys.keyfile import write_private
from keys.return_code import CodeKeys, derive, new_code
from keys.ring import Keyring
from keys.signing import FollowUpSigner, ManifestSigner

TODAY = date(2026, 11, 22)
EPOCH = 1


@dataclass
class Sealed:
    """A sealed object with what its sender knows of it."""

    data: bytes
    part_id: bytes
    epoch: int = EPOCH
    kind: str = "report"
    object_id: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.data).digest()

    @property
    def entry(self) -> ClosingEntry:
        return ClosingEntry(self.part_id, len(self.data), self.sha256)


class Phone:
    """Seals to the laptop's current epoch, one report at a time."""

    def __init__(self, recipients: list[bytes]) -> None:
        self._recipients = [HybridRecipient(each) for each in recipients]
        self.report_id = os.urandom(16)
        self.code: CodeKeys = derive(new_code())

    def common(self, sequence: int, epoch: int = EPOCH) -> Common:
        return Common(epoch, 1, self.report_id, os.urandom(16), sequence)

    def section(
        self,
        sequence: int = 1,
        parts: int = 1,
        replaces: int = 0,
        block: ReplyBlock | None = None,
        form: str = "saw",
        lang: str = "ru",
        epoch: int = EPOCH,
        **answers: object,
    ) -> Sealed:
        body = write_section(SectionBody(form, lang, "2026-11-22T10:15", dict(answers)))
        return self.seal(Section(self.common(sequence, epoch), replaces, parts, block, body))

    def media(self, sequence: int, content: bytes, media_type: int = 1) -> Sealed:
        return self.seal_media(Media(self.common(sequence), media_type, content))

    def closing(self, sequence: int, *others: Sealed) -> Sealed:
        return self.seal(self.closing_frame(sequence, *(each.entry for each in others)))

    def closing_frame(self, sequence: int, *entries: ClosingEntry) -> Closing:
        return Closing(self.common(sequence), entries)

    def follow_up(self, code: CodeKeys, **answers: object) -> Sealed:
        return self.seal(self._signed_follow_up(code, answers))

    def forged_follow_up(self, code: CodeKeys, **answers: object) -> Sealed:
        signed = self._signed_follow_up(code, answers)
        return self.seal(replace(signed, common=self.common(2)))

    def _signed_follow_up(self, code: CodeKeys, answers: dict[str, object]) -> FollowUp:
        body = write_section(SectionBody("saw", "kk", "", answers))
        unsigned = FollowUp(self.common(1), bytes(32), bytes(64), body)
        return FollowUpSigner("phone", code.follow_up_seed).sign(unsigned)

    def seal(self, frame: Section | Closing | FollowUp) -> Sealed:
        count = len(self._recipients)
        plain = pack_padded(frame, small_plain_size(small_class(len(pack(frame)), count), count))
        return Sealed(seal_bytes(plain, self._recipients), frame.common.part_id, frame.common.epoch)

    def seal_media(self, frame: Media) -> Sealed:
        plain = pack_padded(frame, media_plain_size(len(pack(frame))))
        return Sealed(seal_bytes(plain, self._recipients), frame.common.part_id, frame.common.epoch, "media")

    def seal_raw(self, plain: bytes) -> Sealed:
        return Sealed(seal_bytes(plain, self._recipients), os.urandom(16))


class LogServer:
    """A server's log key, its log so far, and the bundles it writes."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.name = "log-1"
        self.leaves: list[bytes] = []
        self.heads: list[bytes] = []
        self.deployment = ""
        self.manifest = b""
        self.serial = 0
        self.packs = True
        """Whether reports go into segments; files of their own are easier to do harm to."""

    @property
    def public_key(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    def sign(self, text: str) -> bytes:
        signature = Signature(self.name, key_id(self.name, self.public_key), self.private.sign(text.encode()))
        return write_note(text, [signature])

    def bundle(self, folder: Path, objects: list[Sealed], **changes: object) -> Path:
        """Write a bundle of new objects: one batch, one head. `changes` alter the signed statement."""
        first, entries = len(self.leaves), []
        salts = {each.object_id: os.urandom(32) for each in objects}
        leaves = {each.object_id: _leaf(each, salts[each.object_id]) for each in objects}
        ordered = sorted(objects, key=lambda each: leaves[each.object_id])
        numbers = {each.object_id: number for number, each in enumerate(ordered, first)}
        for each in objects:
            entries.append(_entry(each, salts[each.object_id], numbers[each.object_id]))
        self.leaves += [leaves[each.object_id] for each in ordered]
        self.sign_head()
        return self.write(folder, entries, objects, first, **changes)

    def sign_head(self) -> None:
        head = Head(self.deployment, len(self.leaves), tree_root(self.leaves), TODAY, len(self.heads))
        self.heads.append(self.sign(head.text()))

    def write(
        self, folder: Path, entries: list[IndexEntry], objects: list[Sealed], first: int, **changes: object
    ) -> Path:
        self.serial += 1
        entries = _laid_out(entries, self.packs)
        index = "".join(each.line() for each in entries).encode()
        leaves, heads = b"".join(self.leaves[first:]), write_heads(self.heads)
        statement = BundleStatement(
            self.deployment,
            os.urandom(16).hex(),
            self.serial,
            TODAY,
            True,
            "*",
            len(entries),
            sum(len(each.data) for each in objects),
            hashlib.sha256(index).hexdigest(),
            first,
            len(self.leaves) - first,
            hashlib.sha256(leaves).hexdigest(),
            hashlib.sha256(heads).hexdigest(),
            hashlib.sha256(self.manifest).hexdigest(),
        )
        statement = replace(statement, **changes)
        files = {
            "bagit.txt": BAGIT_TXT.encode(),
            "bag-info.txt": bag_info(statement).encode(),
            "bundle.note": self.sign(statement.text()),
            INDEX_NAME: index,
            LEAVES_NAME: leaves,
            HEADS_NAME: heads,
            MANIFEST_NAME: self.manifest,
        }
        data = {each.object_id: each.data for each in objects}
        pieces: dict[str, list[bytes]] = {}
        for entry in entries:
            pieces.setdefault(entry.paths[0], []).append(data[entry.object_id])
        files |= {path: b"".join(found) for path, found in pieces.items()}
        payload = [(name, hashlib.sha256(data).hexdigest()) for name, data in files.items() if "/" in name]
        files["manifest-sha256.txt"] = bag_manifest(payload).encode()
        tags = ("bagit.txt", "bag-info.txt", "bundle.note", "manifest-sha256.txt")
        tag_hashes = [(name, hashlib.sha256(files[name]).hexdigest()) for name in tags]
        files["tagmanifest-sha256.txt"] = bag_manifest(tag_hashes).encode()
        target = folder / statement.folder
        for name, data in files.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(data)
        return target


def _leaf(sealed: Sealed, salt: bytes) -> bytes:
    kind = OBJECT_MEDIA if sealed.kind == "media" else OBJECT_SMALL
    return leaf(salt, sealed.sha256, kind, len(sealed.data), sealed.epoch)


def _entry(sealed: Sealed, salt: bytes, number: int) -> IndexEntry:
    size = len(sealed.data)
    return IndexEntry(sealed.object_id, sealed.kind, size, sealed.sha256, sealed.epoch, salt, number, TODAY, 0, None)


def _laid_out(entries: list[IndexEntry], packs: bool) -> list[IndexEntry]:
    layout = Layout()
    ordered = sorted(entries, key=lambda entry: entry.kind == "media")
    return [replace(e, place=layout.place(e.size) if packs and e.kind == "report" else None) for e in ordered]


@dataclass
class Report:
    """A text, a photo and a closing, sealed, with the phone that made them."""

    phone: Phone
    text: Sealed
    photo: Sealed
    closing: Sealed
    body: bytes

    @property
    def parts(self) -> list[Sealed]:
        return [self.text, self.photo, self.closing]


@dataclass
class Laptop:
    """A laptop with its keys in memory, so that a test need not wait for Argon2id."""

    home: Home
    ring: Keyring
    server: LogServer
    vault: Vault
    roots: Roots
    root_signers: list[ManifestSigner]
    close: Callable[[], None]

    def signed_manifest(self, log_keys: tuple[tuple[str, bytes], ...] | None = None, **changes: object) -> bytes:
        """The first manifest with changes, signed by a quorum."""
        named = {} if log_keys is None else {"log_keys": tuple(NamedKey(*each) for each in log_keys)}
        old = parse_manifest(self.home.manifest(1).read_bytes()).manifest
        (made,) = sign_manifests(self.roots, self.root_signers, [replace(old, **changes, **named)])
        return made.data

    def sign_manifest(self, **changes: object) -> None:
        """Puts a changed manifest into the home folder."""
        data = self.signed_manifest(**changes)
        write_private(self.home.manifest(int(str(changes["serial"]))), data)

    def phone(self) -> Phone:
        return Phone([self.ring.epochs[0].identity.recipient])

    def report(self, **answers: object) -> Report:
        phone, body = self.phone(), b"\xff\xd8" + os.urandom(70_000)
        text = phone.section(1, parts=3, block=phone.code.reply_block, **(answers or {"who": "Айжан"}))
        photo = phone.media(2, body)
        return Report(phone, text, photo, phone.closing(3, text, photo), body)

    def take(self, *paths: Path) -> list[ImportResult]:
        importer = Importer(self.vault, self.ring, TODAY, lambda done, total: None)
        return [result for path in paths for result in importer.run(path)]

    def take_one(self, path: Path) -> ImportResult:
        (result,) = self.take(path)
        return result

    def items(self) -> list[Item]:
        with self.vault.begin() as connection:
            return read_items(connection)

    def item(self) -> Item:
        (item,) = self.items()
        return item

    def state(self) -> State:
        with self.vault.begin() as connection:
            return fold(read_events(connection))

    def event_count(self) -> int:
        with self.vault.begin() as connection:
            return verify_chain(connection, self.ring)

    def to_ack(self) -> set[str]:
        return set(self.state().to_ack)

    def reply(self, item: Item, text: str) -> Answer:
        with self.vault.begin() as connection:
            return compose_reply(connection, self.ring, item, text, TODAY)

    def outboxes(self, folder: Path, again: bool = False, at_once: bool = False) -> list[tuple[Note, Outbox]]:
        paths = write_outboxes(self.vault, self.ring, folder, TODAY, again, at_once)
        return [parse_outbox(path.read_bytes()) for path in paths]


@pytest.fixture(scope="session")
def in_empty_network() -> list[str]:
    """The words before a command that give it a network namespace with nothing in it."""
    words = ["unshare", "--map-root-user", "--net"]
    allowed = (
        shutil.which(words[0]) and subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
    )
    if not allowed:
        pytest.skip("this machine allows no network namespaces: the command was not run without network")
    return words


@pytest.fixture(scope="session")
def make_server() -> Callable[[], LogServer]:
    return LogServer


@pytest.fixture(scope="session")
def make_phone() -> Callable[[list[bytes]], Phone]:
    return Phone


@pytest.fixture
def server() -> LogServer:
    return LogServer()


@pytest.fixture
def laptop(tmp_path: Path, server: LogServer) -> Iterator[Laptop]:
    """One laptop named A with an open vault and the server's key in its manifests."""
    home = Home(tmp_path / "home")
    home.path.mkdir(mode=0o700)
    signers = [ManifestSigner(f"root-{number}", os.urandom(32)) for number in range(3)]
    roots = make_roots(2, [NamedKey(each.name, each.public_key) for each in signers])
    ring = make_ring("A", roots, TODAY)
    plan = Plan(("A",), (), (server.public_key,), rehearsal_words(), TODAY)
    for each in sign_manifests(roots, signers, draft_manifests([ring], roots, plan)):
        keep_manifest(home, each)
    write_private(home.roots, roots_to_json(roots, rehearsal=True).encode())
    server.deployment = roots.deployment
    server.manifest = home.manifest(1).read_bytes()
    with ExitStack() as held:
        vault = held.enter_context(open_vault(home, ring.seeds.vault))
        yield Laptop(home, ring, server, vault, roots, signers, held.close)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A folder that stands for a memory stick."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder
