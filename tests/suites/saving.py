"""The progress of a long suite, in a file that a kill at any moment leaves whole: it goes on where it stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass
class Saved:
    """What the runs of one seed have come to; a suite adds its own counts, each with a default."""

    seed: str | int

    def save(self, path: Path) -> None:
        """Writes the file in one step, so that a kill leaves the old one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(vars(self)), "utf-8")
        fresh.replace(path)

    @classmethod
    def load(cls, path: Path | None, seed: str | int) -> Self:
        """The saved progress of this seed; a new one when there is none, or no path to save it in."""
        if path and path.is_file():
            saved = cls(**json.loads(path.read_text("utf-8")))
            if saved.seed == seed:
                return saved
        return cls(seed)
