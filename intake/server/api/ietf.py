"""Resumable uploads as the IETF drafts them: draft-ietf-httpbis-resumable-upload, interop version 8.

Interim answers (104) are not sent: this stack has no way to. A sender asks for the upload's address first, with an
empty creation, which the draft calls careful.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from intake.server.api.bodies import StreamedBody, content_length, refuse_metadata
from intake.server.api.fields import digest_field, item_boolean, item_integer, repr_digest, seconds_until, tus_number
from intake.server.api.problems import problem_for_error
from intake.server.api.receipts import receipt_header
from intake.server.api.work import upload_admitted
from intake.server.errors import Refusal, WrongOffset
from intake.server.services.unfinished import Progress
from intake.server.services.uploads import Chunk, Uploads
from intake.wire.constants import EPOCH_HEADER, EPOCH_MAX
from intake.wire.errors import WireError

CONTENT_TYPE: Final = "application/partial-upload"
_VERSION: Final = "upload-draft-interop-version"


def limits(uploads: Uploads) -> str:
    """The value of Upload-Limit before there is an upload."""
    return f"max-size={uploads.media_max}, min-size={uploads.door.size_min}"


class Ietf:
    """One request of this protocol about the uploads of a server; every method raises what the services raise."""

    def __init__(self, request: Request, uploads: Uploads) -> None:
        self._request = request
        self._uploads = uploads

    async def begin(self) -> Response:
        """Creates an upload with what the body holds: all of it (Upload-Complete ?1), a part, or nothing."""
        refuse_metadata(self._request, "upload-complete", "upload-length", _VERSION)
        ends = item_boolean(self._request, "upload-complete")
        epoch = tus_number(self._request, EPOCH_HEADER, EPOCH_MAX)
        if ends is None or epoch is None:
            raise Refusal("malformed")
        chunk = self._chunk(0, ends)
        length = self._uploads.door.length(chunk.total)
        _check_first(chunk, length)
        announced = digest_field(self._request, "repr-digest")
        admitted = await upload_admitted(self._request, length)
        upload_id = await self._uploads.begin_upload(length, epoch, admitted.work, admitted.upload_id, announced)
        progress = await self._uploads.append_first(upload_id, chunk, admitted.upload_id is not None)
        complete = progress.sha256 is not None
        return await self._answer(
            200 if complete else 201, upload_id, progress, {"Location": f"/uploads/{upload_id.hex()}"}
        )

    async def tell(self, upload_id: bytes) -> Response:
        """Where the upload stands; takes it over from a request that is still sending."""
        refuse_metadata(self._request, _VERSION)
        progress = await self._uploads.progress(upload_id, finish=False)
        return await self._answer(204, upload_id, progress, {"Upload-Length": str(progress.size)})

    async def append(self, upload_id: bytes) -> Response:
        """Appends the body at Upload-Offset; with Upload-Complete ?1 the upload is complete with it.

        An upload whose sender goes past the length it told is removed, as the draft demands.
        """
        refuse_metadata(self._request, "upload-complete", "upload-length", "upload-offset", _VERSION)
        if self._request.headers.get("content-type") != CONTENT_TYPE:
            raise Refusal("media-type")
        ends = item_boolean(self._request, "upload-complete")
        offset = item_integer(self._request, "upload-offset")
        if ends is None or offset is None:
            raise Refusal("malformed")
        chunk = self._chunk(offset, ends)
        try:
            progress = await self._uploads.append_chunk(upload_id, chunk)
        except Refusal as error:
            if error.problem != "too-large":
                raise
            await self._uploads.cancel_upload(upload_id)
            raise Refusal("inconsistent-upload-length") from None
        return await self._answer(204 if progress.sha256 is None else 200, upload_id, progress, {})

    async def cancel(self, upload_id: bytes) -> Response:
        """Removes an unfinished upload."""
        refuse_metadata(self._request, _VERSION)
        await self._uploads.cancel_upload(upload_id)
        return Response(status_code=204, headers={"Cache-Control": "no-store"})

    def refuse(self, error: Exception) -> Response:
        """The answer to what went wrong: ?1 when the upload is over with it, ?0 when it may go on."""
        headers = {"Upload-Limit": limits(self._uploads)}
        headers["Upload-Complete"] = "?1" if isinstance(error, WireError) else "?0"
        if isinstance(error, WrongOffset):
            headers["Upload-Offset"] = str(error.offset)
            # A creation has no field: it begins at 0, and may meet an upload that the same solved puzzle began.
            provided = item_integer(self._request, "upload-offset") or 0
            return problem_for_error(error, headers, "mismatching-upload-offset", provided)
        is_checksum = isinstance(error, Refusal) and error.problem == "checksum-mismatch"
        return problem_for_error(error, headers, "digest-mismatch" if is_checksum else None)

    def _chunk(self, offset: int, ends: bool) -> Chunk:
        length, told = content_length(self._request), item_integer(self._request, "upload-length")
        implied = offset + length if ends and length is not None else None
        if None not in (told, implied) and told != implied:
            raise Refusal("inconsistent-upload-length")
        body = StreamedBody(self._request, length)
        digest = digest_field(self._request, "content-digest")
        return Chunk(offset, body, digest, ends, implied if told is None else told)

    async def _answer(self, status: int, upload_id: bytes, progress: Progress, more: dict[str, str]) -> Response:
        limit = limits(self._uploads)
        goes_on = self._uploads.goes_on(progress)
        if goes_on is not None:
            limit += f", max-age={seconds_until(goes_on)}"
        headers = {
            "Cache-Control": "no-store",
            "Upload-Complete": "?0" if progress.sha256 is None else "?1",
            "Upload-Limit": limit,
            "Upload-Offset": str(progress.offset),
        }
        if progress.sha256 is not None:
            headers |= repr_digest(progress.sha256) | await receipt_header(self._request, upload_id, progress)
        return Response(status_code=status, headers=headers | more)


def _check_first(chunk: Chunk, length: int) -> None:
    if chunk.body.length is not None and chunk.body.length > length:
        raise Refusal("inconsistent-upload-length")
