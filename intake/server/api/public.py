"""What anyone may fetch: the page, the key manifest, the state of health."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from intake.server.api.bodies import core_of
from intake.server.errors import Refusal

router = APIRouter()


@router.get("/manifest")
async def get_manifest(request: Request) -> Response:
    """The newest manifest whose first day has come; `unavailable` while there is none."""
    in_force = core_of(request).manifests.known().in_force
    if in_force is None:
        raise Refusal("unavailable")
    return Response(in_force.data, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-cache"})


@router.get("/health")
async def get_health(request: Request) -> Response:
    """`ok` while the server answers and its database can be read."""
    core_of(request).manifests.known()
    return Response("ok", media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})
