"""Every error as RFC 9457 problem details, with the names of SPEC.md section 7 and nothing of the request."""

from collections import Counter
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from intake.server.errors import BodyCut, PuzzleNeeded, Refusal, StorageFull, StorageUnavailable, WrongOffset
from intake.wire.errors import WireError
from intake.wire.problems import PROBLEM_CONTENT_TYPE, PROBLEMS, problem_body, problem_for
from intake.wire.puzzle import Puzzle

_RETRY_SECONDS: Final = {"puzzle-needed": "1", "unavailable": "30", "no-space": "600"}
ANSWERED: Final = (Refusal, WireError, StorageFull, StorageUnavailable, BodyCut, RequestValidationError)
"""What a route may raise: each is answered with its problem."""
_OF_STATUS: Final = {404: "not-found", 405: "method"}
_refused: Counter[str] = Counter()


def count_refusal(name: str, count: int = 1) -> None:
    """Counts refusals by the name of their problem; call it in the event loop alone."""
    _refused[name] += count


def take_refusals() -> dict[str, int]:
    """What was refused since the last call, by problem; whoever takes it keeps it. In the event loop alone."""
    taken = dict(_refused)
    _refused.clear()
    return taken


def problem_response(
    name: str,
    offset: int | None = None,
    headers: dict[str, str] | None = None,
    provided: int | None = None,
    puzzle: Puzzle | None = None,
) -> Response:
    """The answer for the problem `name`, with Retry-After in seconds where it will pass."""
    count_refusal(name)
    extra = dict(headers or {}) | retry_after(name)
    if name == "tus-version":
        extra["Tus-Version"] = "1.0.0"
    return Response(
        problem_body(name, offset, provided, puzzle),
        status_code=PROBLEMS[name].status,
        headers=extra | {"Cache-Control": "no-store"},
        media_type=PROBLEM_CONTENT_TYPE,
    )


def raw_problem(name: str) -> bytes:
    """The same answer as bytes, for a connection on which no request could be read; it ends the connection."""
    count_refusal(name)
    status, body = HTTPStatus(PROBLEMS[name].status), problem_body(name)
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {PROBLEM_CONTENT_TYPE}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode() + body


def retry_after(name: str) -> dict[str, str]:
    """The Retry-After header of a problem that will pass, in seconds; nothing for the others."""
    return {"Retry-After": _RETRY_SECONDS[name]} if name in _RETRY_SECONDS else {}


def problem_name(error: Exception) -> str:
    """The name of the problem that tells of `error`; `internal` for what is none of ours."""
    match error:
        case Refusal():
            return error.problem
        case WireError():
            return problem_for(error).name
        case StorageFull():
            return "no-space"
        case StorageUnavailable():
            return "unavailable"
        case BodyCut():
            return "upload-busy" if error.taken_over else "malformed"
        case RequestValidationError():
            return "malformed"
        case _:
            return "internal"


def problem_for_error(
    error: Exception, headers: dict[str, str], name: str | None = None, provided: int | None = None
) -> Response:
    """The answer that tells of `error`, under another `name` where a protocol has its own; `provided` is an offset."""
    offset = error.offset if isinstance(error, WrongOffset) else None
    puzzle = error.puzzle if isinstance(error, PuzzleNeeded) else None
    return problem_response(name or problem_name(error), offset, headers, provided, puzzle)


async def _answer(_: Request, error: Exception) -> Response:
    return problem_for_error(error, {})


async def _answer_http(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return problem_response(_OF_STATUS.get(status, "malformed"), headers=headers)


def install(app: FastAPI) -> None:
    """Makes `app` answer every error this way, also those of the framework."""
    for kind in ANSWERED:
        app.add_exception_handler(kind, _answer)
    app.add_exception_handler(HTTPException, _answer_http)
