"""Two pure ASGI layers around every request. (Starlette's BaseHTTPMiddleware costs 39 % of upload speed.)"""

import logging
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from intake.server.api.problems import problem_response
from intake.server.logs import Event, log
from intake.wire.constants import EPOCH_HEADER, WORK_HEADER

_HEADERS_READ: Final = frozenset(
    name.encode()
    for name in (
        "accept-encoding",
        "accept-language",
        "access-control-request-method",
        "content-digest",
        "content-length",
        "content-type",
        "if-none-match",
        "repr-digest",
        "tus-resumable",
        EPOCH_HEADER.lower(),
        WORK_HEADER.lower(),
    )
)
_EXPOSED: Final = (
    b"Intake-Receipt, Location, Repr-Digest, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, "
    b"Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Complete, Upload-Expires, Upload-Length, Upload-Limit, "
    b"Upload-Offset"
)
_OVERRIDES: Final = (b"HEAD", b"PATCH", b"DELETE")
_ALLOWED: Final = (
    f"Content-Digest, Content-Type, {EPOCH_HEADER}, {WORK_HEADER}, Repr-Digest, "
    "Tus-Resumable, Upload-Checksum, Upload-Complete, "
    # These are refused, in words that a page can only read when its browser was let ask.
    "Upload-Concat, Upload-Defer-Length, Upload-Draft-Interop-Version, Upload-Length, Upload-Metadata, Upload-Offset, "
    "X-HTTP-Method-Override"
)
_ALWAYS: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_PREFLIGHT: Final = (
    (b"access-control-allow-methods", b"GET, POST, HEAD, PATCH, DELETE, OPTIONS"),
    (b"access-control-allow-headers", _ALLOWED.encode()),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
)


def _kept(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    kept = [h for h in headers if h[0] in _HEADERS_READ or h[0].startswith(b"upload-")]
    # That there are cookies is reason to refuse; what they say is nobody's business.
    return kept + [(b"cookie", b"") for name, _ in headers if name == b"cookie"][:1]


def _meant(scope: Scope) -> dict[str, str]:
    # Boxes on the way that know no PATCH drop it; tus names this way past them.
    wanted = next((value for name, value in scope["headers"] if name == b"x-http-method-override"), b"")
    if wanted in _OVERRIDES and scope["method"] == "POST" and scope["path"].startswith("/uploads/"):
        return {"method": wanted.decode()}
    return {}


class Blindfold:
    """Takes the client's address and every header that no route needs away before anything else runs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a reduced scope on."""
        if scope["type"] == "http":
            scope = {**scope, **_meant(scope), "client": None, "headers": _kept(scope["headers"])}
        await self._app(scope, receive, send)


class Guard:
    """Adds what every answer carries, answers CORS preflights, and turns a defect into `internal` without details."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; the answer to any exception is the same constant problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": [*_ALWAYS, *message.get("headers", ())]}
            await send(message)

        if scope["method"] == "OPTIONS" and any(
            name == b"access-control-request-method" for name, _ in scope["headers"]
        ):
            await sending({"type": "http.response.start", "status": 204, "headers": list(_PREFLIGHT)})
            await sending({"type": "http.response.body", "body": b""})
            return
        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            log(Event.UNEXPECTED, type(error).__name__, level=logging.ERROR)
            if not started:
                await problem_response("internal")(scope, receive, sending)
