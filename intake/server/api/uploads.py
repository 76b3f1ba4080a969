"""tus 1.0 core with creation (tus.io/protocols/resumable-upload), without metadata, deferred length and GET."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from intake.server.api.bodies import StreamedBody, content_length, core_of, refuse_metadata
from intake.server.errors import Refusal
from intake.server.services.receipts import media_receipt
from intake.server.services.uploads import Progress, Uploads
from intake.wire.constants import EPOCH_HEADER, EPOCH_MAX, OBJECT_ID_SIZE, RECEIPT_HEADER
from intake.wire.encoding import b64, parse_int, unhex
from intake.wire.errors import EncodingInvalid

_VERSION: Final = "1.0.0"
_CONTENT_TYPE: Final = "application/offset+octet-stream"
_ANSWER: Final = {"Tus-Resumable": _VERSION, "Cache-Control": "no-store"}

router = APIRouter()


async def uploads_of(request: Request) -> Uploads:
    """The uploads of the app that serves `request`."""
    return core_of(request).uploads


async def check_version(request: Request) -> None:
    """Raises Refusal tus-version unless the request speaks tus 1.0.0."""
    if request.headers.get("tus-resumable") != _VERSION:
        raise Refusal("tus-version")


def number_in(request: Request, header: str, missing: str, most: int) -> int:
    """The integer 0..`most` in a header; raises Refusal: `missing` when there is none, malformed, too-large."""
    text = request.headers.get(header)
    if text is None:
        raise Refusal(missing)
    try:
        number = parse_int(text)
    except EncodingInvalid:
        raise Refusal("malformed") from None
    if number > most:
        raise Refusal("too-large" if header == "upload-length" else "malformed")
    return number


Speaking = Depends(check_version)
UploadsHere = Annotated[Uploads, Depends(uploads_of)]


@router.options("/uploads")
async def tell_abilities(uploads: UploadsHere) -> Response:
    """What this server speaks, and its largest media object in bytes."""
    headers = {"Tus-Version": _VERSION, "Tus-Extension": "creation", "Tus-Max-Size": str(uploads.media_max)}
    return Response(status_code=204, headers=_ANSWER | headers)


@router.post("/uploads", dependencies=[Speaking])
async def begin(request: Request, uploads: UploadsHere) -> Response:
    """Reserves room for a media object of Upload-Length bytes for the epoch in Intake-Epoch."""
    refuse_metadata(request, "upload-length")
    size = number_in(request, "upload-length", "length-required", uploads.media_max)
    epoch = number_in(request, EPOCH_HEADER, "malformed", EPOCH_MAX)
    if content_length(request):
        raise Refusal("malformed")
    upload_id = await uploads.begin_upload(size, epoch)
    return Response(status_code=201, headers=_ANSWER | {"Location": f"/uploads/{upload_id.hex()}"})


@router.head("/uploads/{upload_id}", dependencies=[Speaking])
async def tell_progress(upload_id: str, request: Request, uploads: UploadsHere) -> Response:
    """Where the upload stands; takes it over from a request that is still sending."""
    refuse_metadata(request)
    progress = await uploads.progress(_known_id(upload_id))
    headers = _headers(progress) | await _receipt(request, upload_id, progress)
    return Response(status_code=200, headers=headers | {"Upload-Length": str(progress.size)})


@router.patch("/uploads/{upload_id}", dependencies=[Speaking])
async def append(upload_id: str, request: Request, uploads: UploadsHere) -> Response:
    """Appends the body at Upload-Offset; the answer comes when its bytes are durable."""
    refuse_metadata(request, "upload-offset")
    if request.headers.get("content-type") != _CONTENT_TYPE:
        raise Refusal("media-type")
    offset = number_in(request, "upload-offset", "malformed", 2**53)
    body = StreamedBody(request.receive, content_length(request))
    progress = await uploads.append_chunk(_known_id(upload_id), offset, body)
    return Response(status_code=204, headers=_headers(progress) | await _receipt(request, upload_id, progress))


def _known_id(text: str) -> bytes:
    try:
        return unhex(text, OBJECT_ID_SIZE)
    except EncodingInvalid:
        raise Refusal("not-found") from None


async def _receipt(request: Request, upload_id: str, progress: Progress) -> dict[str, str]:
    """The header of a complete upload that holds its receipt."""
    if progress.sha256 is None:
        return {}
    receipt = await media_receipt(core_of(request), _known_id(upload_id))
    return {} if receipt is None else {RECEIPT_HEADER: receipt}


def _headers(progress: Progress) -> dict[str, str]:
    headers = _ANSWER | {"Upload-Offset": str(progress.offset)}
    if progress.sha256 is not None:
        headers["Repr-Digest"] = f"sha-256=:{b64(progress.sha256)}:"
    return headers
