"""The list for programs: every item with all it says, untouched, one JSON object."""

import json
from collections.abc import Iterable, Mapping

from intake.reviewer.services.reports import Item, Part
from intake.reviewer.services.state import Answer
from intake.wire.constants import MEDIA_TYPES
from intake.wire.mailbox import mailbox_id


def items_json(items: Iterable[Item], replies: Mapping[int, list[Answer]], rehearsal: bool, unopened: int) -> str:
    """Return {"rehearsal", "unopened", "items": [...]}; ids and hashes are hex, sizes are bytes."""
    rows = [_item(item, replies.get(item.number, [])) for item in items]
    # ASCII only: the escapes of untrusted text must not act in a terminal.
    return json.dumps({"rehearsal": rehearsal, "unopened": unopened, "items": rows}, indent=1)


def _item(item: Item, replies: list[Answer]) -> dict[str, object]:
    words, block = item.words, item.block
    return {
        "number": item.number,
        "day": item.day,
        "state": item.state,
        "flags": item.flags,
        "report": item.parts[0].report_id.hex() if item.parts else "",
        "form": words.form if words else "",
        "lang": words.lang if words else "",
        "made": words.made if words else "",
        "answers": item.answers,
        "sections": [_section(each) for each in item.sections],
        "follow_ups": [_section(each) | {"signed": each.signed} for each in item.follow_ups],
        "files": [_file(each) for each in item.media],
        "mailbox": mailbox_id(block.follow_up_key).hex() if block else "",
        "replies": [{"number": each.number, "text": each.text, "sent": each.sent} for each in replies],
    }


def _section(part: Part) -> dict[str, object]:
    body = part.section
    said = {"form": body.form, "lang": body.lang, "made": body.made, "answers": body.answers} if body else {}
    numbers = {"sequence": part.sequence, "replaces": part.replaces, "parts": part.parts}
    return numbers | _origin(part) | said


def _file(part: Part) -> dict[str, object]:
    known = MEDIA_TYPES[part.media_type] if part.media_type < len(MEDIA_TYPES) else MEDIA_TYPES[0]
    said = {"type": known, "size": part.body_size, "sha256": part.body_sha256.hex()}
    return {"sequence": part.sequence} | _origin(part) | said


def _origin(part: Part) -> dict[str, object]:
    return {
        "object": part.sha256.hex(),
        "object_size": part.size,
        "part": part.part_id.hex(),
        "epoch": part.epoch,
        "build": part.build,
    }
