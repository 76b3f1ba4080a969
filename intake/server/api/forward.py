"""`GET, POST /forward`, `POST /forward/known`: plain forms, scripts off, for files that were sealed elsewhere.

The multipart body is parsed while it comes. Names of files are never looked at; nothing of a request is shown again.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Coroutine
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request
from starlette.responses import Response

from intake.server.api.bodies import StreamedBody, content_length, core_of, read_bounded
from intake.server.api.problems import count_refusal, problem_name, retry_after
from intake.server.errors import BodyCut, Refusal, ServerError
from intake.server.services.forward import ForwardedFile, Forwarding
from intake.server.services.lookup import is_known
from intake.wire.constants import LANGUAGES, SHA256_SIZE
from intake.wire.encoding import unhex
from intake.wire.errors import EncodingInvalid, WireError
from intake.wire.problems import PROBLEMS

_STORED: Final = "stored"
_KNOWN: Final = "known"
_UNKNOWN: Final = "unknown"
_QUERY_MAX_SIZE: Final = 1024
_FIELD: Final = b"sealed"
_FORM_OVERHEAD: Final = 1 << 20
_HERE: Final = files("intake.server")
_PAGE: Final = (_HERE / "forward.html").read_text("utf-8")
_MARK: Final = "<!-- outcomes -->"
_STYLE: Final = _PAGE.partition("<style>")[2].partition("</style>")[0]
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
}

router = APIRouter()


def _levelled(words: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """The words with spaces, which nobody sees, after the shorter of two answers: their length tells a line nothing."""
    for lang in LANGUAGES:
        length = max(len(words[name][lang].encode()) for name in (_KNOWN, _UNKNOWN))
        for name in (_KNOWN, _UNKNOWN):
            words[name][lang] += " " * (length - len(words[name][lang].encode()))
    return words


_WORDS: Final[dict[str, dict[str, str]]] = _levelled(json.loads((_HERE / "forward.json").read_text("utf-8")))


@router.get("/forward")
async def get_forward() -> Response:
    """The form, in three languages at once."""
    return _page([])


@router.post("/forward")
async def post_forward(request: Request) -> Response:
    """Stores the sealed files of the form and says so, one line a file; what is not sealed is not kept."""
    reader = None
    try:
        reader = _reader_of(request)
        return _page(await reader.read())
    except (ServerError, WireError) as error:
        if isinstance(error, BodyCut):
            raise
        return _page([*(reader.outcomes if reader else ()), problem_name(error)])
    finally:
        if reader is not None:
            await reader.close()


@router.post("/forward/known")
async def look_up(request: Request) -> Response:
    """Says whether the file with a digest is stored; yes and no have one status, one length and the same headers."""
    try:
        known = await asyncio.to_thread(
            is_known, core_of(request), _digest_in(await read_bounded(request, _QUERY_MAX_SIZE))
        )
    except (ServerError, WireError) as error:
        if isinstance(error, BodyCut):
            raise
        return _page(["no-digest" if isinstance(error, WireError) else problem_name(error)])
    return _page([_KNOWN if known else _UNKNOWN])


def _digest_in(body: bytes) -> bytes:
    """The 32 bytes of the form's one field, 64 hex with any white space and case; raises EncodingInvalid."""
    try:
        fields = parse_qs(body.decode("ascii", "replace"), max_num_fields=1)
    except ValueError:
        raise EncodingInvalid("more than one field") from None
    text = "".join("".join(fields.get("digest", [])).split())
    return unhex(text.lower(), SHA256_SIZE)


def _page(outcomes: list[str]) -> Response:
    """The form below what became of the files; the status is that of the first file that was refused."""
    refused = [outcome for outcome in outcomes if outcome not in (_STORED, _KNOWN, _UNKNOWN)]
    for name in refused:
        count_refusal(name)
    lines = "\n".join(_line(outcome) for outcome in outcomes)
    page = _PAGE.replace(_MARK, f"<ol>\n{lines}\n</ol>" if outcomes else "")
    status = (PROBLEMS[refused[0]].status if refused[0] in PROBLEMS else 400) if refused else 200
    headers = _HEADERS | (retry_after(refused[0]) if refused else {})
    return Response(page, status_code=status, media_type="text/html; charset=utf-8", headers=headers)


def _line(outcome: str) -> str:
    words = _WORDS.get(outcome, _WORDS["malformed"])
    return "<li>" + "<br>".join(f'<span lang="{lang}">{words[lang]}</span>' for lang in LANGUAGES) + "</li>"


def _reader_of(request: Request) -> "_Reader":
    """Raises Refusal: media-type, length-required, too-large."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise Refusal("media-type")
    core = core_of(request)
    length = content_length(request)
    if length is None:
        raise Refusal("length-required")
    if length > core.uploads.media_max + _FORM_OVERHEAD:
        raise Refusal("too-large")
    return _Reader(Forwarding(core), StreamedBody(request, length), length, options[b"boundary"])


@dataclass
class _Events:
    """What the parser saw in one piece of the body: a new part, bytes of a part, its end."""

    seen: list[bytes | None] = field(default_factory=list)
    name: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    is_ours: bool = False
    ended: bool = False

    def header_ended(self) -> None:
        """Looks for the field's name; what else a header says, such as a file name, is dropped here."""
        if bytes(self.name).lower() == b"content-disposition":
            self.is_ours = parse_options_header(bytes(self.value))[1].get(b"name") == _FIELD
        self.name.clear()
        self.value.clear()

    def part_begun(self) -> None:
        """A new part, whose headers follow."""
        self.is_ours = False

    def headers_finished(self) -> None:
        """Only our own field may be in the form."""
        if not self.is_ours:
            raise Refusal("malformed")

    def end(self) -> None:
        """The closing boundary was there: nothing is missing."""
        self.ended = True


class _Reader:
    """Reads one form; `outcomes` has `stored` or a problem's name for each file so far."""

    def __init__(self, forwarding: Forwarding, body: StreamedBody, length: int, boundary: bytes) -> None:
        self.outcomes: list[str] = []
        self._forwarding = forwarding
        self._body = body
        self._left = length
        self._events = events = _Events()
        self._file: ForwardedFile | None = None
        self._refused: str | None = None
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": events.part_begun,
                    "on_header_field": lambda data, start, end: events.name.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: events.value.extend(data[start:end]),
                    "on_header_end": events.header_ended,
                    "on_headers_finished": events.headers_finished,
                    "on_part_data": lambda data, start, end: events.seen.append(data[start:end]),
                    "on_part_end": lambda: events.seen.append(None),
                    "on_end": events.end,
                },
                max_size=length,
            )
        except FormParserError:
            raise Refusal("malformed") from None

    async def read(self) -> list[str]:
        """Takes the whole form; raises Refusal malformed for a broken one, BodyCut when it was cut off."""
        while piece := await self._body.read():
            self._left -= len(piece)
            try:
                self._parser.write(piece)
            except FormParserError:
                raise Refusal("malformed") from None
            seen, self._events.seen = self._events.seen, []
            for data in seen:
                await (self._take(data) if data is not None else self._end_file())
        if not self._events.ended or not self.outcomes:
            raise Refusal("malformed")
        return self.outcomes

    async def close(self) -> None:
        """Forgets a file that was not finished."""
        if self._file is not None:
            await self._file.abandon()

    async def _take(self, data: bytes) -> None:
        if self._refused is None:
            if self._file is None:
                self._file = self._forwarding.next_file(self._left + len(data) + _FORM_OVERHEAD)
            await self._attempt(self._file, self._file.take(data))

    async def _end_file(self) -> None:
        if self._refused is None:
            if self._file is None:
                self._file = self._forwarding.next_file(0)
            await self._attempt(self._file, self._file.store())
        self.outcomes.append(self._refused or _STORED)
        self._file = self._refused = None

    async def _attempt(self, file: ForwardedFile, step: Coroutine[None, None, None]) -> None:
        """Takes one step with a file; what refuses it is told in its line and does not touch the other files."""
        try:
            await step
        except (ServerError, WireError) as error:
            self._refused = problem_name(error)
            await file.abandon()
