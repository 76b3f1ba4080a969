"""What schemathesis cannot know: uploads that exist, objects that pass the gate, signatures. Loaded by `st` for `api`.

Every second request to an upload speaks of one of those named in known.json and every second one to a courier's address
is signed by the courier there; every third report is a good one, and every third piece the beginning of a sealed
object, every ninth all of it: random bytes alone would only ever see the first refusal. Uploads speak the two protocols
in turn.
"""

import itertools
import json
import sys
from pathlib import Path

import httpx
import schemathesis

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from intake.wire.encoding import unb64
from tests.server.parts import EPOCH, Forge
from tests.suites.couriers import Courier

PIECES = ("application/offset+octet-stream", "application/partial-upload")
for kind in PIECES:
    schemathesis.serializer.alias(kind, "application/octet-stream")
KNOWN = json.loads(Path("known.json").read_text("ascii"))
COURIER = Courier(bytes.fromhex(KNOWN["seed"]), KNOWN["deployment"])
UPLOADS = itertools.cycle(KNOWN["uploads"])
FORGE = Forge(3)
TURN = itertools.count()
CLIENT = httpx.Client(base_url=KNOWN["url"], trust_env=False)
PAYLOADS = {"files": b"data/index.txt 0 4000", "bundles": b"A", "done": b"", "outboxes": b"no outbox"}


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes some requests better than chance can."""
    turn = next(TURN)
    if turn % 2 == 0 and "upload_id" in (case.path_parameters or {}):
        case.path_parameters["upload_id"] = next(UPLOADS)
    if turn % 3 == 0 and case.method.upper() == "POST" and case.path == "/reports":
        case.body = FORGE.envelope()
    if turn % 3 == 0 and case.path.startswith("/uploads") and case.method.upper() in ("POST", "PATCH"):
        speak(case, turn)
    if turn % 2 == 0 and case.path.startswith("/courier/") and case.path != "/courier/challenge":
        sign(case)


def speak(case, turn):
    """A request that means to send the beginning of a sealed object, or all of it."""
    data = FORGE.media()
    drafted, begins = turn % 2 == 0, case.method.upper() == "POST"
    whole = turn % 9 == 0
    headers = {"Upload-Complete": f"?{int(whole)}"} if drafted else {"Tus-Resumable": "1.0.0"}
    if begins:
        headers |= {"Intake-Epoch": str(EPOCH), "Upload-Length": str(len(data))}
    else:
        headers |= {"Upload-Offset": "0"}
    case.media_type = PIECES[drafted]
    case.headers = {**headers, "Content-Type": PIECES[drafted]}
    case.body = data if whole else data[:6000]


def sign(case):
    """The same address with a payload that the courier signed; of a bundle that waits, if one does."""
    path = case.path
    if "{bundle}" in path:
        case.path_parameters["bundle"] = waiting()
        path = path.replace("{bundle}", case.path_parameters["bundle"])
    case.body = COURIER.request(path, challenge(), PAYLOADS[path.rpartition("/")[2]])


def challenge():
    return unb64(CLIENT.post("/courier/challenge").text.removesuffix("\n"), 56)


def waiting():
    path = "/courier/bundles"
    answer = CLIENT.post(path, content=COURIER.request(path, challenge(), b"A"))
    return answer.json()["bundle"] if answer.status_code == 200 else "bundle-00000000"
