"""The page as it is served: stamped with the newest manifest, compressed once, chosen by language.

DIR/page/ holds page.kk.html, page.ru.html, page.en.html and page.all.html, in any state of stamping. The manifest block
is filled anew in memory, which leaves the released hash as it is (SPEC.md section 11).
"""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import brotli  # type: ignore[import-untyped]

from intake.server.errors import PageRefused
from intake.server.settings import PRIVATE_FILE_MODE
from intake.wire.constants import LANGUAGES
from intake.wire.errors import PageInvalid
from intake.wire.manifest import Roots, VerifiedManifest, roots_to_json
from intake.wire.page import read_blocks, released_hash, stamp

ALL: Final = "all"
VARIANTS: Final = (*LANGUAGES, ALL)


@dataclass(frozen=True)
class Served:
    """One language of the page: bytes by content coding ("" is none), and its entity tag."""

    coded: dict[str, bytes]
    tag: str


def page_name(variant: str) -> str:
    """File name of a variant: kk, ru, en or all."""
    return f"page.{variant}.html"


def weights(header: str) -> dict[str, float]:
    """The entries of an Accept- header in lower case with their weights; what is malformed is left out (RFC 9110)."""
    found: dict[str, float] = {}
    for entry in header[:1000].lower().split(","):
        name, _, parameter = entry.strip().partition(";")
        key, _, value = parameter.strip().partition("=")
        try:
            weight = float(value) if key == "q" else 1.0
        except ValueError:
            continue
        if name.strip():
            found[name.strip()] = weight
    return found


def choose_variant(accept_language: str) -> str:
    """The language a browser likes best among ours, `all` (side by side) when it likes none of them."""
    liked = {name.split("-")[0]: weight for name, weight in reversed(weights(accept_language).items()) if weight > 0}
    mine = [language for language in liked if language in LANGUAGES]
    return max(reversed(mine), key=lambda language: liked[language], default=ALL)


def choose_coding(accept_encoding: str) -> str:
    """br, gzip or "" for none."""
    taken = weights(accept_encoding)
    return next((coding for coding in ("br", "gzip") if taken.get(coding, 0) > 0), "")


class Pages:
    """The page's variants, made again when a file or the manifest in force has changed."""

    def __init__(self, folder: Path, roots: Roots, rehearsal: bool) -> None:
        self._folder = folder
        self._deployment = roots_to_json(roots, rehearsal)
        self._made_of: tuple[object, ...] = ()
        self._served: dict[str, Served] = {}

    def refresh(self, in_force: VerifiedManifest | None) -> bool:
        """Reads, stamps and compresses again what has changed; returns whether there is a page.

        Takes up to a second: call it from a thread. Raises PageRefused for a page that is not of this deployment.
        """
        made_of = (in_force, *(_state(self._folder / page_name(variant)) for variant in VARIANTS))
        if made_of != self._made_of:
            paths = {variant: self._folder / page_name(variant) for variant in VARIANTS}
            note = in_force.data if in_force else b""
            self._served = {
                variant: _prepared(self._stamped(path.read_bytes(), note))
                for variant, path in paths.items()
                if path.is_file()
            }
            self._made_of = made_of
        return bool(self._served)

    def find(self, accept_language: str) -> Served | None:
        """The variant for a browser, another one when that is missing, None when no page is installed."""
        wanted = choose_variant(accept_language)
        return self._served.get(wanted) or self._served.get(ALL) or next(iter(self._served.values()), None)

    def install(self, source: Path, in_force: VerifiedManifest | None) -> dict[str, str]:
        """Stamps the built variants in `source` into the page folder; returns variant -> released hash (64 hex).

        Raises PageRefused when a variant is missing or of another deployment.
        """
        note = in_force.data if in_force else b""
        pages = {}
        for variant in VARIANTS:
            path = source / page_name(variant)
            if not path.is_file():
                raise PageRefused(f"{page_name(variant)} is missing")
            pages[variant] = self._stamped(path.read_bytes(), note)
        for variant, page in pages.items():
            _replace(self._folder / page_name(variant), page)
        return {variant: released_hash(page) for variant, page in pages.items()}

    def _stamped(self, page: bytes, note: bytes) -> bytes:
        try:
            deployment, _ = read_blocks(page)
            if deployment not in ("", self._deployment):
                raise PageRefused("it is stamped for another deployment")
            return stamp(page, self._deployment, note)
        except (PageInvalid, UnicodeDecodeError) as error:
            raise PageRefused(str(error) if isinstance(error, PageInvalid) else "it is not UTF-8") from None


def _prepared(page: bytes) -> Served:
    coded = {"": page, "br": brotli.compress(page), "gzip": gzip.compress(page, 9, mtime=0)}
    return Served(coded, hashlib.sha256(page).hexdigest()[:32])


def _state(path: Path) -> tuple[int, int] | None:
    return (path.stat().st_size, path.stat().st_mtime_ns) if path.is_file() else None


def _replace(path: Path, data: bytes) -> None:
    draft = path.with_suffix(".new")
    draft.write_bytes(data)
    draft.chmod(PRIVATE_FILE_MODE)
    draft.rename(path)
