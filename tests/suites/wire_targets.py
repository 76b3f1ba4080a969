"""Every parser of intake/wire with inputs to start from and what must hold when it accepts something.

`read` parses its input and returns how the parser's own writer writes what was read: that must be the input
again, or one value would have two spellings. Readers of signed things also fail when anything verifies that
nobody signed.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from intake.wire import (
    bundle,
    bundle_index,
    courier_request,
    encoding,
    frame,
    mailbox,
    note,
    outbox,
    page,
    receipt,
    returncode,
    sealed,
    section,
)
from intake.wire.constants import CODE_SEPARATORS
from intake.wire.envelope import parse_envelope, write_envelope
from intake.wire.errors import WireError
from intake.wire.log import Head, parse_head
from intake.wire.manifest import parse_manifest, roots_from_json, roots_to_json, verify_manifest
from intake.wire.puzzle import parse_solution, write_solution

VECTORS = Path(__file__).resolve().parents[2] / "intake" / "wire" / "vectors"
DEPLOYMENT = "ab" * 32
DAY = date(2026, 11, 22)


class Forged(AssertionError):
    """Something verified that nobody signed."""


@dataclass(frozen=True)
class Target:
    """A parser: `read` returns the canonical spelling of its input, `corpus` is what mutations start from."""

    name: str
    corpus: tuple[bytes, ...]
    read: Callable[[bytes], bytes]


def part_bytes(part: dict) -> bytes:
    if "zeros" in part:
        return bytes(part["zeros"])
    if "text" in part:
        return part["text"].encode()
    return bytes.fromhex(part.get("hex") or part["repeat"]) * part.get("times", 1)


def vector_inputs(folder: str) -> tuple[bytes, ...]:
    """The inputs of a folder's vectors that are at most 70,000 bytes, the good ones three times."""
    found = []
    for path in sorted((VECTORS / folder).glob("*.json")):
        case = json.loads(path.read_text("utf-8"))
        given = case.get("input", "").encode() or bytes.fromhex(case.get("input_hex", ""))
        data = given or b"".join(map(part_bytes, case.get("input_parts", [])))
        found += [data] * (3 if case["expect"] == "ok" else 1) if len(data) <= 70_000 else []
    return tuple(found)


def signed_once(parse: Callable[[bytes], bytes], corpus: tuple[bytes, ...]) -> Callable[[bytes], None]:
    """A check that what `parse` returns (the signed bytes of an input that verifies) is among those of the corpus."""
    known = set()
    for data in corpus:
        try:
            known.add(parse(data))
        except WireError:
            continue

    def check(data: bytes) -> None:
        if parse(data) not in known:
            raise Forged

    return check


def read_frame(data: bytes) -> bytes:
    return frame.pack_padded(frame.unpack(data), len(data))


def signed_frame(data: bytes) -> bytes:
    found = frame.unpack(data)
    if isinstance(found, frame.FollowUp):
        frame.verify_follow_up(found)
        return frame.signed_bytes(found)
    if isinstance(found, frame.Reply):
        frame.verify_reply(found)
        return frame.signed_bytes(found)
    return b""


def read_media_prefix(data: bytes) -> bytes:
    found = frame.unpack_media_prefix(data)
    if found is None:
        return data
    head = frame.media_header(found.common, found.media_type, found.body_length)
    return head + data[found.body_offset :]


def read_code(data: bytes) -> bytes:
    text = encoding.utf8(data)
    digits = returncode.parse_code(text)
    return data if digits == "".join(c for c in text if c not in CODE_SEPARATORS) else digits.encode()


def read_envelope(data: bytes) -> bytes:
    found = parse_envelope(data)
    return write_envelope(found.object_id, found.epoch, found.sealed)


def signed_delete(data: bytes) -> bytes:
    request = mailbox.parse_delete(data)
    return mailbox.delete_signed_bytes(mailbox.verify_delete(request), request.hashes)


def read_note(data: bytes) -> bytes:
    found = note.parse_note(data)
    return note.write_note(found.text, found.signatures)


def read_sealed(data: bytes) -> bytes:
    sealed.check_small(data, None)
    return data


def read_header(data: bytes) -> bytes:
    sealed.parse_header(data[: sealed.header_bytes_needed])
    return data


def read_manifest(data: bytes) -> bytes:
    found = parse_manifest(data)
    return note.write_note(found.manifest.text(), found.note.signatures)


def read_head(data: bytes) -> bytes:
    found, head = parse_head(data, DEPLOYMENT)
    return note.write_note(head.text(), found.signatures)


def read_statement(data: bytes) -> bytes:
    found, statement = bundle.parse_bundle_note(data)
    return note.write_note(statement.text(), found.signatures)


def read_outbox(data: bytes) -> bytes:
    found, content = outbox.parse_outbox(data)
    return note.write_note(content.text(), found.signatures)


def read_page(data: bytes) -> bytes:
    page.read_blocks(data)
    page.released_hash(data)
    return data


def read_encodings(data: bytes) -> bytes:
    """Each reader of short text; an accepted text must be written the same."""
    text = encoding.utf8(data)
    spellings = (
        (lambda: encoding.b64(encoding.unb64(text))),
        (lambda: encoding.hexed(encoding.unhex(text, len(text) // 2))),
        (lambda: encoding.day_text(encoding.parse_day(text))),
        (lambda: str(encoding.parse_int(text))),
    )
    for spell in spellings:
        try:
            if spell() != text:
                return b""
        except WireError:
            continue
    return data


def read_receipt(data: bytes) -> bytes:
    return receipt.write_receipt(*receipt.parse_receipt(encoding.utf8(data))).encode()


def unsigned_note(text: str) -> bytes:
    """A note in form, with a signature that no parser asked to verify."""
    return f"{text}\n— log-1 {encoding.b64(bytes(range(68)))}\n".encode()


def outboxes() -> tuple[bytes, ...]:
    head = outbox.OutboxHead(DEPLOYMENT, "A", 3, DAY)
    acks = tuple(outbox.Ack(bytes([n]) * 16, bytes([n]) * 32) for n in (1, 2, 3))
    slots = tuple(outbox.SlotEntry(bytes([n]) * 32, n % 4, bytes([n]) * 4096) for n in range(8))
    logs = (outbox.LogSeen("log-1", 0, bytes(32)), outbox.LogSeen("log-2", 7, bytes(32)))
    kinds = (
        outbox.AckOutbox(head, acks, logs),
        outbox.HandoverOutbox(head, "B", acks),
        outbox.RepliesOutbox(head, slots, at_once=True),
    )
    return tuple(unsigned_note(kind.text()) for kind in kinds)


def bundle_statement() -> bytes:
    hashes = [f"{n}" * 64 for n in range(1, 5)]
    numbers = ("A", 2, 90_000, hashes[0], 0, 2, *hashes[1:])
    return unsigned_note(bundle.BundleStatement(DEPLOYMENT, "0f" * 16, 4, DAY, True, *numbers).text())


def index_of_a_bundle() -> bytes:
    where = bundle_index.Layout()
    kinds = (("report", 8192, 12, 9, where.place(8192)), ("report", 65_536, 0, 0, where.place(65_536)))
    kinds += (("report", 8192, 2**31, 0, None), ("media", 81_000, 0, 1, None))
    entries = (
        bundle_index.IndexEntry(bytes([n]) * 16, kind, size, bytes(32), epoch, bytes(32), n, DAY, work, place)
        for n, (kind, size, epoch, work, place) in enumerate(kinds)
    )
    return "".join(entry.line() for entry in entries).encode()


def index_line(data: bytes) -> bytes:
    return b"".join(entry.line().encode() for entry in bundle_index.parse_index(data))


def read_courier_request(data: bytes) -> bytes:
    found, request, payload = courier_request.split_request(data)
    assert request.text() == found.text
    return courier_request.write_request(note.write_note(found.text, found.signatures), payload)


def pages() -> tuple[bytes, ...]:
    blocks = b'<script type="application/json" id="intake-deployment">%b</script>'
    template = b"<!doctype html>" + blocks % b"" + b'<script type="text/plain" id="intake-manifest"></script>'
    return template, page.stamp(template, '{"deployment":"қ"}', "a note — ж\n".encode())


def solutions() -> tuple[bytes, ...]:
    """The headers of two solved puzzles."""
    names = ("good", "good_media")
    cases = (json.loads((VECTORS / "puzzle" / f"{name}.json").read_text("utf-8")) for name in names)
    return tuple(case["input"].encode() for case in cases)


def simple_targets() -> list[Target]:
    """The parsers whose only promise is one spelling."""
    heads = [unsigned_note(Head(DEPLOYMENT, size, bytes(32), DAY, 5).text()) for size in (0, 7)]
    bag = bundle.bag_manifest([("data/index.txt", "01" * 32), ("data/objects/a.age", "02" * 32)]).encode()
    short = (b"aGVsbG8=", b"AA==", b"", b"00ff10", b"2026-11-22", b"9007199254740991", b"0")
    roots = json.loads((VECTORS / "manifest" / "good.json").read_text("utf-8"))["roots"].encode()
    return [
        Target("sealed", vector_inputs("sealed"), read_sealed),
        Target("header", vector_inputs("sealed"), read_header),
        Target("frame", vector_inputs("frame"), read_frame),
        Target("media-prefix", vector_inputs("frame"), read_media_prefix),
        Target("section", vector_inputs("section"), lambda d: section.write_section(section.parse_section(d))),
        Target(
            "strict-json",
            vector_inputs("strict-json"),
            lambda d: encoding.strict_json_dumps(encoding.strict_json_loads(encoding.utf8(d))).encode(),
        ),
        Target("returncode", vector_inputs("returncode"), read_code),
        Target("solution", solutions(), lambda d: write_solution(parse_solution(encoding.utf8(d))).encode()),
        Target("envelope", vector_inputs("envelope"), read_envelope),
        Target("note", vector_inputs("note") + outboxes(), read_note),
        Target("manifest", vector_inputs("manifest"), read_manifest),
        Target("roots", (roots,), lambda d: roots_to_json(*roots_from_json(encoding.utf8(d))).encode()),
        Target("head", tuple(heads), read_head),
        Target("heads", (bundle.write_heads(heads), b""), lambda d: bundle.write_heads(bundle.split_heads(d))),
        Target("statement", (bundle_statement(),), read_statement),
        Target("index", (index_of_a_bundle(), b""), index_line),
        Target("bag", (bag,), lambda d: bundle.bag_manifest((k, v) for k, v in _bag(d)).encode()),
        Target("outbox", outboxes(), read_outbox),
        Target("courier-request", vector_inputs("courier"), read_courier_request),
        Target("courier-piece", vector_inputs("courier"), lambda d: courier_request.parse_piece(d).payload()),
        Target("courier-offer", vector_inputs("courier"), lambda d: courier_request.parse_offer(d).to_json()),
        Target("receipt", vector_inputs("receipt"), read_receipt),
        Target("page", pages(), read_page),
        Target("encodings", short, read_encodings),
    ]


def _bag(data: bytes) -> list[tuple[str, str]]:
    return list(bundle.parse_bag_manifest(data).items())


def signed_targets() -> list[Target]:
    """The parsers with a signature: what verifies must have been signed."""
    frames, deletes = vector_inputs("frame"), vector_inputs("mailbox")
    manifests = vector_inputs("manifest")
    roots, _ = roots_from_json(json.loads((VECTORS / "manifest" / "good.json").read_text("utf-8"))["roots"])

    told = json.loads((VECTORS / "receipt" / "good.json").read_text("utf-8"))
    stored = receipt.StoredObject(
        **told["stored"] | {key: bytes.fromhex(told["stored"][key]) for key in ("object_id", "sha256")}
    )
    receipt_keys = {name: bytes.fromhex(key) for name, key in told["keys"].items()}

    def signed_receipt(data: bytes) -> bytes:
        return receipt.verify_receipt(encoding.utf8(data), stored, receipt_keys).text().encode()

    def signed_manifest(data: bytes) -> bytes:
        return verify_manifest(parse_manifest(data), roots).manifest.text().encode()

    found = []
    for name, corpus, parse in (
        ("signed-frame", frames, signed_frame),
        ("delete", deletes, signed_delete),
        ("signed-manifest", manifests, signed_manifest),
        ("signed-receipt", vector_inputs("receipt"), signed_receipt),
    ):
        check = signed_once(parse, corpus)
        found.append(Target(name, corpus, lambda data, check=check: check(data) or data))
    return found


def all_targets() -> tuple[Target, ...]:
    """Every target, in an order that stays the same."""
    return (*simple_targets(), *signed_targets())
