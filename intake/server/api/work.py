"""The `Intake-Work` header, where a request brings one."""

from starlette.requests import Request

from intake.server.api.bodies import content_length, core_of
from intake.server.services.admission import Admitted, admit_upload, refuse_unsolved
from intake.wire.constants import ENVELOPE_HEADER_SIZE, WORK_HEADER


def work_header(request: Request) -> str | None:
    """The value of the header, None without one."""
    return request.headers.get(WORK_HEADER)


def early_refusal(request: Request) -> None:
    """Raises PuzzleNeeded for a report without work while work is asked for, before its body is read."""
    announced = content_length(request) or 0
    refuse_unsolved(core_of(request), work_header(request), max(0, announced - ENVELOPE_HEADER_SIZE))


async def upload_admitted(request: Request, size: int) -> Admitted:
    """Whether an upload of `size` bytes may begin, as `admit_upload` says."""
    return await admit_upload(core_of(request), work_header(request), size)
