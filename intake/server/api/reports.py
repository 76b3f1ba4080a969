"""`POST /reports`: small sealed objects."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from intake.server.api.bodies import core_of, read_bounded, refuse_metadata
from intake.server.api.work import early_refusal, work_header
from intake.server.services.reports import accept_report
from intake.wire.encoding import strict_json_dumps
from intake.wire.envelope import ENVELOPE_MAX_SIZE

router = APIRouter()


async def post_report(request: Request) -> Response:
    """Stores one small object; the answer comes when it is durable, and is the same for a repeat."""
    refuse_metadata(request)
    early_refusal(request)
    body = await read_bounded(request, ENVELOPE_MAX_SIZE)
    envelope, receipt = await accept_report(core_of(request), body, work_header(request))
    answer = {"id": envelope.object_id.hex(), "sha256": envelope.sha256.hex(), "receipt": receipt}
    return Response(strict_json_dumps(answer), media_type="application/json", headers={"Cache-Control": "no-store"})


router.routes.append(Route("/reports", post_report, methods=["POST"]))
