"""`POST /mailbox` and `POST /mailbox/delete`: ids travel in bodies, which no proxy logs."""

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from intake.server.api.bodies import core_of, read_bounded, refuse_metadata
from intake.server.services.mailboxes import empty_mailbox, read_mailbox
from intake.wire.constants import MAILBOX_DELETE_SIZE, MAILBOX_ID_SIZE

router = APIRouter()


@router.post("/mailbox")
async def post_mailbox(request: Request) -> Response:
    """16,384 bytes that look the same whether the mailbox is unknown, empty, answered or emptied."""
    refuse_metadata(request)
    body = await read_bounded(request, MAILBOX_ID_SIZE)
    slots = await asyncio.to_thread(read_mailbox, core_of(request), body)
    return Response(slots, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})


@router.post("/mailbox/delete")
async def post_mailbox_delete(request: Request) -> Response:
    """Empties slots for whoever holds the return code; 204 whenever the signature is valid."""
    refuse_metadata(request)
    body = await read_bounded(request, MAILBOX_DELETE_SIZE)
    await empty_mailbox(core_of(request), body)
    return Response(status_code=204, headers={"Cache-Control": "no-store"})
