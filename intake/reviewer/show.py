"""What the terminal shows. Every text that came from outside goes through cleaning.py before it is printed."""

from collections.abc import Iterable, Iterator, Mapping

from intake.reviewer.cleaning import clean_line, columns, shorten, wrap
from intake.reviewer.forms import WHEN_FIELDS, WHERE_FIELDS, WHO_FIELDS, load_forms
from intake.reviewer.services.media import media_name
from intake.reviewer.services.reports import Item, Part
from intake.reviewer.services.state import Answer as Reply
from intake.wire.constants import KIND_FOLLOW_UP, MEDIA_TYPES
from intake.wire.section import Answer, SectionBody

MARGIN = "  | "
_WIDTH_MIN = 60
_FIXED_COLUMNS = 5 + 12 + 12


def list_lines(items: Iterable[Item], replies: Mapping[int, list[Reply]], width: int, lang: str) -> list[str]:
    """Return the list: one line an item, cut to the terminal, and a second line where something needs saying."""
    room = max(_WIDTH_MIN, width) - _FIXED_COLUMNS
    who, where = room * 4 // 10, room * 3 // 10
    widths = (who, where, room - who - where)
    lines = [_row("#", "day", "form/lang", ("who", "where", "when"), widths)]
    for item in items:
        lines.append(_item_row(item, widths, lang))
        if notes := _notes(item, replies.get(item.number, [])):
            lines.append(" " * 17 + "; ".join(notes))
    return lines


def show_lines(item: Item, replies: list[Reply], width: int, lang: str | None) -> list[str]:
    """Return everything an item says, in the labels of `lang` or of each section's own language."""
    lines = [f"number {item.number}, {item.day}, {clean_line(item.state)}"]
    lines += [f"! {clean_line(flag)}" for flag in item.flags]
    # Looked up once: a stranger may have sent thousands of sections.
    current = {part.sha256 for part in item.current}
    for part in (*item.sections, *item.follow_ups):
        lines += ["", *_section_lines(part, part.sha256 in current, width, lang)]
    for index, part in enumerate(item.media, 1):
        lines += ["", *_file_lines(item, part, index, width)]
    for part in item.parts:
        if part.problem:
            lines += ["", clean_line(part.problem), _origin(part)]
    lines += ["", "no return code: nobody to answer" if item.block is None else "an answer can be written"]
    for reply in replies:
        lines += ["", f"answer {reply.number}, {'in an outbox' if reply.sent else 'not yet in an outbox'}"]
        lines += wrap(reply.text, width, MARGIN)
    return lines


def _row(number: str, day: str, form: str, cells: tuple[str, str, str], widths: tuple[int, int, int]) -> str:
    texts = (shorten(cell, size - 1) for cell, size in zip(cells, widths, strict=True))
    padded = (text + " " * (size - columns(text)) for text, size in zip(texts, widths, strict=True))
    return f"{number:>4} {day:<12}{form:<12}{''.join(padded)}".rstrip()


def _item_row(item: Item, widths: tuple[int, int, int], lang: str) -> str:
    words = item.words
    form = shorten(f"{words.form}/{words.lang}", 11) if words else "-"
    answers = item.answers or (words.answers if words else {})
    cells = (
        _first(WHO_FIELDS, answers, lang),
        _first(WHERE_FIELDS, answers, lang),
        _first(WHEN_FIELDS, answers, lang) + (f" ({words.made})" if words and words.made else ""),
    )
    return _row(str(item.number), item.day, form, cells, widths)


def _first(fields: tuple[str, ...], answers: Mapping[str, Answer], lang: str) -> str:
    return next((load_forms().answer(each, answers[each], lang) for each in fields if each in answers), "-")


def _notes(item: Item, replies: list[Reply]) -> list[str]:
    waiting = sum(not each.sent for each in replies)
    notes = [item.state, *item.flags]
    if item.media:
        notes.append(f"{len(item.media)} file(s)")
    if item.follow_ups:
        notes.append(f"{len(item.follow_ups)} follow-up(s)")
    if item.block is not None:
        notes.append(f"{len(replies)} answer(s)" if replies else "wants an answer")
    if waiting:
        notes.append(f"{waiting} not yet in an outbox")
    return [clean_line(each) for each in notes]


def _section_lines(part: Part, is_current: bool, width: int, lang: str | None) -> Iterator[str]:
    body = part.section
    if body is None:
        return
    yield f"-- {_section_title(part, is_current, body, lang or body.lang)}"
    yield _origin(part)
    for field, answer in body.answers.items():
        yield f"{clean_line(load_forms().field(field, lang or body.lang))}"
        yield from wrap(load_forms().answer(field, answer, lang or body.lang), width, MARGIN)


def _section_title(part: Part, is_current: bool, body: SectionBody, lang: str) -> str:
    title = clean_line(load_forms().form(body.form, lang))
    made = f", written {body.made} UTC by the phone's clock" if body.made else ""
    if part.kind == KIND_FOLLOW_UP:
        return f"follow-up{'' if part.signed else ' WITH A WRONG SIGNATURE'}: {title}{made}"
    notes = [
        f" (section {part.sequence}",
        *([f", replaces {part.replaces}"] if part.replaces else []),
        *([", addition"] if not part.parts else []),
        *([", replaced by a later one"] if not is_current else []),
        ")",
    ]
    return title + made + "".join(notes)


def _file_lines(item: Item, part: Part, index: int, width: int) -> Iterator[str]:
    known = MEDIA_TYPES[part.media_type] if part.media_type < len(MEDIA_TYPES) else "unknown type"
    yield f"-- file {media_name(item, part, index)}: {known} by its sender's word, {part.body_size:,} bytes"
    yield f"   SHA-256 {part.body_sha256.hex()}"
    yield _origin(part)
    if part.body is not None:
        yield from wrap(part.body.decode("utf-8", "backslashreplace"), width, MARGIN)


def _origin(part: Part) -> str:
    return f"   object {part.sha256.hex()}, epoch {part.epoch}, build {part.build}"
