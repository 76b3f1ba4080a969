"""A name as typed, made blind to letter case, Unicode form and kinds of apostrophe, and cut into chunks.

Nothing here knows what a name is; `parts` does. All of it is total: any string of any length gives an answer.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_CHARACTERS = 400
"""Characters of a name that are looked at; the longest real full name known to us has under 100."""

_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u201b\u02bc\u02bb\u02bd\u02b9\u2032\u0060\u00b7", "'"))
_ACUTE = " \u0301"
"""What NFKC makes of an acute accent that stands alone, which is typed for an apostrophe."""
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"))
_NUMERO = {ord("\u2116"): "3"}
"""The sign of the digit 3's key on the Russian layout, which NFKC would turn into the letters `no`."""
_INVISIBLE = re.compile("[\u00ad\u0307\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")


def fold_text(text: str) -> str:
    """`text` without letter case, Unicode form, invisible characters and kinds of apostrophe and dash.

    At most MAX_CHARACTERS are kept. The dotless i and the dotted capital of Turkish become the plain `i`,
    since writing in capitals mixes them. Folding twice changes nothing more.
    """
    return _folded(text[: MAX_CHARACTERS * 4])


@lru_cache(maxsize=4_000)
def _folded(text: str) -> str:
    text = text.translate(_NUMERO).translate(_APOSTROPHES).translate(_DASHES)
    folded = _composed(text)
    for _ in range(2):
        folded = _composed(_INVISIBLE.sub("", folded.upper().casefold()))
    return folded.translate(_APOSTROPHES).translate(_DASHES)[:MAX_CHARACTERS].strip()


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(_ACUTE, "'")
