"""What anyone may fetch: the page, the key manifest, the state of health."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from intake.server.api.bodies import core_of
from intake.server.errors import Refusal
from intake.server.services.page import choose_coding

router = APIRouter()

_PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    # The page's own policy stands in its head, where a saved copy keeps it; only this part cannot stand there.
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), interest-cohort=()",
    "Vary": "Accept-Language, Accept-Encoding",
}


@router.get("/")
async def get_page(request: Request) -> Response:
    """The page in the language a browser asks for, compressed; `not-found` while none is installed."""
    served = core_of(request).pages.find(request.headers.get("accept-language", ""))
    if served is None:
        raise Refusal("not-found")
    coding = choose_coding(request.headers.get("accept-encoding", ""))
    headers = _PAGE_HEADERS | {"ETag": f'"{served.tag}{coding}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if coding:
        headers["Content-Encoding"] = coding
    return Response(served.coded[coding], media_type="text/html; charset=utf-8", headers=headers)


@router.get("/manifest")
async def get_manifest(request: Request) -> Response:
    """The newest manifest whose first day has come; `unavailable` while there is none."""
    in_force = core_of(request).manifests.known().in_force
    if in_force is None:
        raise Refusal("unavailable")
    return Response(in_force.data, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-cache"})


@router.get("/health")
async def get_health() -> Response:
    """`ok` while the process answers, whatever the state of its stores: `intake status --check` tells of those."""
    return Response("ok", media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})
