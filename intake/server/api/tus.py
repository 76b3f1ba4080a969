"""tus 1.0 (tus.io/protocols/resumable-upload): core, creation, creation-with-upload, checksum, expiration, termination.

No metadata, no deferred length, no concatenation, and nothing is read back.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from intake.server.api.bodies import StreamedBody, content_length, refuse_metadata
from intake.server.api.fields import checksum, expires, repr_digest, tus_number
from intake.server.api.problems import problem_for_error
from intake.server.api.receipts import receipt_header
from intake.server.api.work import upload_admitted
from intake.server.errors import Refusal
from intake.server.services.unfinished import Progress
from intake.server.services.uploads import Chunk, Uploads
from intake.wire.constants import EPOCH_HEADER, EPOCH_MAX

VERSION: Final = "1.0.0"
ABILITIES: Final = {
    "Tus-Resumable": VERSION,
    "Tus-Version": VERSION,
    "Tus-Extension": "creation,creation-with-upload,checksum,expiration,termination",
    "Tus-Checksum-Algorithm": "sha256",
}
CONTENT_TYPE: Final = "application/offset+octet-stream"
_OFFSET_MAX: Final = 2**53


class Tus:
    """One request of this protocol about the uploads of a server; every method raises what the services raise."""

    def __init__(self, request: Request, uploads: Uploads) -> None:
        if request.headers.get("tus-resumable") != VERSION:
            raise Refusal("tus-version")
        self._request = request
        self._uploads = uploads

    async def begin(self) -> Response:
        """Reserves room for Upload-Length bytes for the epoch in Intake-Epoch, and takes a first body."""
        refuse_metadata(self._request, "upload-length", "upload-checksum")
        length = tus_number(self._request, "upload-length", self._uploads.media_max)
        size = self._uploads.door.length(length)
        epoch = tus_number(self._request, EPOCH_HEADER, EPOCH_MAX)
        if epoch is None:
            raise Refusal("malformed")
        chunk = self._chunk(0) if self._has_body() else None
        admitted = await upload_admitted(self._request, size)
        upload_id = await self._uploads.begin_upload(size, epoch, admitted.work, admitted.upload_id)
        location = {"Location": f"/uploads/{upload_id.hex()}"}
        if chunk is None:
            progress = await self._uploads.progress(upload_id, finish=False)
        else:
            progress = await self._uploads.append_first(upload_id, chunk, admitted.upload_id is not None)
        return await self._answer(201, upload_id, progress, location)

    async def tell(self, upload_id: bytes) -> Response:
        """Where the upload stands; takes it over from a request that is still sending."""
        refuse_metadata(self._request)
        progress = await self._uploads.progress(upload_id)
        return await self._answer(200, upload_id, progress, {"Upload-Length": str(progress.size)})

    async def append(self, upload_id: bytes) -> Response:
        """Appends the body at Upload-Offset; the answer comes when its bytes are durable."""
        refuse_metadata(self._request, "upload-offset", "upload-checksum")
        if self._request.headers.get("content-type") != CONTENT_TYPE:
            raise Refusal("media-type")
        offset = tus_number(self._request, "upload-offset", _OFFSET_MAX)
        if offset is None:
            raise Refusal("malformed")
        progress = await self._uploads.append_chunk(upload_id, self._chunk(offset))
        return await self._answer(204, upload_id, progress, {})

    async def cancel(self, upload_id: bytes) -> Response:
        """Removes an unfinished upload."""
        refuse_metadata(self._request)
        await self._uploads.cancel_upload(upload_id)
        return Response(status_code=204, headers={"Tus-Resumable": VERSION, "Cache-Control": "no-store"})

    @staticmethod
    def refuse(error: Exception) -> Response:
        """The answer to what went wrong."""
        return problem_for_error(error, {"Tus-Resumable": VERSION})

    def _has_body(self) -> bool:
        if self._request.headers.get("content-type") == CONTENT_TYPE:
            return True
        if content_length(self._request):
            raise Refusal("media-type")
        return False

    def _chunk(self, offset: int) -> Chunk:
        body = StreamedBody(self._request, content_length(self._request))
        return Chunk(offset, body, checksum(self._request))

    async def _answer(self, status: int, upload_id: bytes, progress: Progress, more: dict[str, str]) -> Response:
        headers = {"Tus-Resumable": VERSION, "Cache-Control": "no-store", "Upload-Offset": str(progress.offset)}
        if progress.sha256 is not None:
            headers |= repr_digest(progress.sha256) | await receipt_header(self._request, upload_id, progress)
        goes_on = self._uploads.goes_on(progress)
        if goes_on is not None:
            headers["Upload-Expires"] = expires(goes_on)
        return Response(status_code=status, headers=headers | more)
