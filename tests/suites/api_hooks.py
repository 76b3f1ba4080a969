"""What schemathesis cannot know: uploads that exist, objects that pass the gate. Loaded by `st` for the suite `api`.

Every second request to an upload speaks of one of those named in uploads.json, every third report is a good one, and
every third piece the beginning of a sealed object: random bytes alone would only ever see the first refusal.
"""

import itertools
import json
import sys
from pathlib import Path

import schemathesis

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.server.parts import Forge

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
UPLOADS = itertools.cycle(json.loads(Path("uploads.json").read_text("ascii")))
FORGE = Forge(3)
TURN = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes some requests better than chance can."""
    turn = next(TURN)
    if turn % 2 == 0 and "upload_id" in (case.path_parameters or {}):
        case.path_parameters["upload_id"] = next(UPLOADS)
    if turn % 3 == 0 and case.method.upper() == "POST" and case.path == "/reports":
        case.body = FORGE.envelope()
    if turn % 3 == 0 and case.method.upper() == "PATCH":
        case.body = FORGE.media()[:6000]
        case.headers = {**(case.headers or {}), "Upload-Offset": "0"}
