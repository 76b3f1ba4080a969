"""`POST /courier/…`: bundles out, outboxes in, for a courier whose key the manifest names (SPEC.md section 12).

Whatever is not signed as it must be gets the answer of a route that is not there, before its body is read.
"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from intake.server.api.bodies import StreamedBody, core_of
from intake.server.errors import OutboxRefused, Refusal
from intake.server.services.apply import apply_outbox
from intake.server.services.couriers import Couriers
from intake.server.services.offering import Offers
from intake.wire.constants import COURIER_CHALLENGE_HEADER, COURIER_NOTE_MAX_SIZE, NOTE_MAX_SIZE
from intake.wire.courier_request import note_end, parse_piece
from intake.wire.encoding import b64, strict_json_dumps
from intake.wire.errors import WireError

router = APIRouter()
_PAYLOAD_MAX_SIZE = 1024
_HEAD_MAX_SIZE = 2 + COURIER_NOTE_MAX_SIZE
_BYTES = "application/octet-stream"


async def couriers_of(request: Request) -> Couriers:
    """Who may ask."""
    couriers = request.app.state.couriers
    if not isinstance(couriers, Couriers):
        raise TypeError("the app knows no couriers")
    return couriers


async def offers_of(request: Request) -> Offers:
    """What may be fetched."""
    offers = request.app.state.offers
    if not isinstance(offers, Offers):
        raise TypeError("the app has no offers")
    return offers


CouriersHere = Annotated[Couriers, Depends(couriers_of)]
OffersHere = Annotated[Offers, Depends(offers_of)]


async def signed_payload(request: Request, couriers: Couriers, limit: int = _PAYLOAD_MAX_SIZE) -> bytes:
    """The payload of a signed request, at most `limit` bytes; raises Refusal not-found for whatever is wrong."""
    body, taken, admitted, end = StreamedBody(request, None), bytearray(), None, None
    try:
        while piece := await body.read():
            taken += piece
            if admitted is None and (end := note_end(bytes(taken[:_HEAD_MAX_SIZE]))) is not None:
                note = bytes(taken[2:end])
                admitted = await asyncio.to_thread(couriers.admit, note, request.url.path)
            if len(taken) > limit + (end or 0):
                raise Refusal("not-found")
    except WireError:
        raise Refusal("not-found") from None
    payload = bytes(taken[end or 0 :])
    if admitted is None or not admitted.covers(payload):
        raise Refusal("not-found")
    return payload


def _answer(couriers: Couriers, body: bytes = b"", status: int = 200, kind: str = _BYTES) -> Response:
    headers = {"Cache-Control": "no-store", COURIER_CHALLENGE_HEADER: b64(couriers.challenge())}
    return Response(body, status_code=status, headers=headers, media_type=kind if body else None)


@router.post("/courier/challenge")
async def give_challenge(couriers: CouriersHere) -> Response:
    """A challenge for one signed request."""
    text = b64(couriers.challenge()) + "\n"
    return Response(text, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


@router.post("/courier/bundles")
async def offer_bundle(request: Request, couriers: CouriersHere, offers: OffersHere) -> Response:
    """The files of the bundle that waits for a laptop; 202 while it is being made."""
    laptop = await signed_payload(request, couriers)
    offer = await asyncio.to_thread(offers.offer, laptop.decode("ascii", "replace"))
    if offer is None:
        return _answer(couriers, status=202)
    return _answer(couriers, offer.to_json(), kind="application/json")


@router.post("/courier/bundles/{bundle}/files")
async def give_piece(bundle: str, request: Request, couriers: CouriersHere, offers: OffersHere) -> Response:
    """A piece of one file of a bundle, at most 4 MiB."""
    payload = await signed_payload(request, couriers)
    try:
        wanted = parse_piece(payload)
    except WireError:
        raise Refusal("not-found") from None
    return _answer(couriers, await asyncio.to_thread(offers.piece, bundle, wanted))


@router.post("/courier/bundles/{bundle}/done")
async def end_bundle(bundle: str, request: Request, couriers: CouriersHere, offers: OffersHere) -> Response:
    """Removes a bundle that the courier has whole."""
    await signed_payload(request, couriers)
    await asyncio.to_thread(offers.done, bundle)
    return _answer(couriers, status=204)


@router.post("/courier/outboxes")
async def take_outbox(request: Request, couriers: CouriersHere) -> Response:
    """Applies an outbox and says what became of it, as `intake apply` would."""
    note = await signed_payload(request, couriers, NOTE_MAX_SIZE)
    try:
        done = await asyncio.to_thread(apply_outbox, core_of(request), note)
    except OutboxRefused as error:
        applied, says = False, str(error)
    else:
        applied, says = True, done.sentence
    return _answer(couriers, strict_json_dumps({"applied": applied, "says": says}).encode(), kind="application/json")
