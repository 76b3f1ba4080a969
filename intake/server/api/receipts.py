"""The `Intake-Receipt` header of a complete upload."""

from starlette.requests import Request

from intake.server.api.bodies import core_of
from intake.server.services.receipts import media_receipt
from intake.server.services.unfinished import Progress
from intake.wire.constants import RECEIPT_HEADER


async def receipt_header(request: Request, upload_id: bytes, progress: Progress) -> dict[str, str]:
    """The header with the receipt, nothing while the upload is not complete."""
    if progress.sha256 is None:
        return {}
    receipt = await media_receipt(core_of(request), upload_id)
    return {} if receipt is None else {RECEIPT_HEADER: receipt}
