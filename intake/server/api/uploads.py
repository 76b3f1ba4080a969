"""Media uploads over two protocols on the same addresses: tus 1.0, and the IETF's draft (UPLOADS.md).

A request with `Tus-Resumable` speaks tus. Any other speaks the draft, if it has `Upload-Complete`, the draft's media
type, or a method that needs neither.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from intake.server.api import ietf
from intake.server.api.bodies import core_of
from intake.server.api.ietf import Ietf, limits
from intake.server.api.tus import ABILITIES, Tus
from intake.server.errors import Refusal, ServerError
from intake.server.services.uploads import Uploads
from intake.wire.constants import OBJECT_ID_SIZE
from intake.wire.encoding import unhex
from intake.wire.errors import EncodingInvalid, WireError

router = APIRouter()
Spoken = Tus | Ietf


async def uploads_of(request: Request) -> Uploads:
    """The uploads of the app that serves `request`."""
    return core_of(request).uploads


UploadsHere = Annotated[Uploads, Depends(uploads_of)]


@router.options("/uploads")
async def tell_abilities(uploads: UploadsHere) -> Response:
    """What this server speaks, and its largest and smallest media object in bytes."""
    headers = ABILITIES | {"Tus-Max-Size": str(uploads.media_max), "Upload-Limit": limits(uploads)}
    return Response(status_code=204, headers=headers | {"Cache-Control": "no-store"})


@router.post("/uploads")
async def begin(request: Request, uploads: UploadsHere) -> Response:
    """Reserves room for a media object for the epoch in Intake-Epoch, and takes what the body holds of it."""
    return await _spoken(request, uploads, lambda spoken: spoken.begin())


@router.head("/uploads/{upload_id}")
async def tell_progress(upload_id: str, request: Request, uploads: UploadsHere) -> Response:
    """Where the upload stands; takes it over from a request that is still sending."""
    return await _spoken(request, uploads, lambda spoken: spoken.tell(_known_id(upload_id)))


@router.patch("/uploads/{upload_id}")
async def append(upload_id: str, request: Request, uploads: UploadsHere) -> Response:
    """Appends the body at Upload-Offset; the answer comes when its bytes are durable."""
    return await _spoken(request, uploads, lambda spoken: spoken.append(_known_id(upload_id)))


@router.delete("/uploads/{upload_id}")
async def cancel(upload_id: str, request: Request, uploads: UploadsHere) -> Response:
    """Removes an unfinished upload, also from under a request that is sending; what is stored stays."""
    return await _spoken(request, uploads, lambda spoken: spoken.cancel(_known_id(upload_id)))


async def _spoken(
    request: Request, uploads: Uploads, ask: Callable[[Spoken], Coroutine[None, None, Response]]
) -> Response:
    spoken: Spoken = Ietf(request, uploads) if _is_ietf(request) else Tus(request, uploads)
    try:
        return await ask(spoken)
    except (ServerError, WireError) as error:
        return spoken.refuse(error)


def _is_ietf(request: Request) -> bool:
    headers = request.headers
    if "tus-resumable" in headers:
        return False
    is_marked = "upload-complete" in headers or headers.get("content-type") == ietf.CONTENT_TYPE
    return is_marked or request.method in ("HEAD", "DELETE")


def _known_id(text: str) -> bytes:
    try:
        return unhex(text, OBJECT_ID_SIZE)
    except EncodingInvalid:
        raise Refusal("not-found") from None
