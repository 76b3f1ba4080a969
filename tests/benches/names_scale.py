"""An index of names at the size of a big case file: memory, making, saving, and many inquiries at once.

Every figure comes from fresh processes. Memory is the growth of the resident set from before the matcher is loaded to
after the index is made and everything else is let go, so it includes the names themselves and whatever the matcher
loads or caches. Times are CPU seconds; `seconds` of the inquiries are by the clock, from names to answers, through two
processes that each make their own index of all sightings.
"""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import names_metrics as metrics
import names_retrieval as retrieval
import proc
from names_invented import SEED, invented_names

if TYPE_CHECKING:
    from intake.reviewer.people import NameIndex

INDEXED = 100_000
ASKED = 50
PROCESSES = 2
Result = TypeVar("Result")


def run_in_fresh_process(function: Callable[..., Result], *arguments: object) -> Result:
    """What `function` returns in a new process, that shares nothing with this one: no name is parsed yet there."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def index_figures(count: int, file: Path) -> metrics.Figures:
    """Memory, seconds to make and to save, and milliseconds per query of an index of `count` names; saves to `file`."""
    gc.collect()
    before = proc.resident_bytes("VmRSS")
    # Only now, so that what the matcher loads counts.
    from intake.reviewer.people import NameIndex

    supply = invented_names()
    names = list(itertools.islice(supply, count))
    started = time.process_time()
    index = NameIndex(names)
    build = time.process_time() - started
    held = len(names)
    del names
    gc.collect()
    grown = proc.resident_bytes("VmRSS") - before
    times = [cpu_ms(index, name) for name in itertools.islice(supply, ASKED)]
    return {
        "names": held,
        "grown_mb": round(grown / 1e6, 1),
        "build_s": round(build, 2),
        "ms_median": round(statistics.median(times), 2),
        "save_s": save(index, file),
        "saved_bytes": file.stat().st_size,
    }


def cpu_ms(index: NameIndex, name: str) -> float:
    started = time.process_time()
    index.search(name)
    return (time.process_time() - started) * 1000


def save(index: NameIndex, file: Path) -> float:
    """CPU seconds to save `index`."""
    started = time.process_time()
    with file.open("wb") as opened:
        index.save(opened)
    return round(time.process_time() - started, 2)


def loading_figures(file: Path, name: str) -> metrics.Figures:
    """CPU seconds from nothing to the first answer of a saved index, so that nothing put off is left out."""
    started = time.process_time()
    from intake.reviewer.people import NameIndex

    with file.open("rb") as opened:
        index = NameIndex.load(opened)
    loaded = time.process_time()
    index.search(name)
    return {
        "load_s": round(loaded - started, 2),
        "load_and_search_s": round(time.process_time() - started, 2),
        "loaded_names": len(index),
    }


def big_index_figures(count: int = INDEXED) -> metrics.Figures:
    """Everything about an index of `count` invented names, made in one process and loaded in another."""
    with tempfile.TemporaryDirectory(prefix="intake-bench-") as folder:
        file = Path(folder) / "index"
        made = run_in_fresh_process(index_figures, count, file)
        return made | run_in_fresh_process(loading_figures, file, next(invented_names(SEED + 1)))


def search_all(names: list[str], queries: list[retrieval.Query]) -> tuple[float, list[retrieval.Asked]]:
    """CPU seconds to make an index of `names`, and what it finds for every query."""
    from intake.reviewer.people import NameIndex

    started = time.process_time()
    index = NameIndex(names)
    build = round(time.process_time() - started, 2)
    return build, retrieval.ask(queries, lambda query: [p for p, _ in index.search(query, retrieval.LIMIT)])


def answer(sightings: list[str], inquiries: list[str]) -> int:
    """Searches every inquiry among the sightings; returns how many found anything."""
    from intake.reviewer.people import NameIndex

    index = NameIndex(sightings)
    return sum(bool(index.search(name)) for name in inquiries)


def inquiry_figures(sightings: list[str], inquiries: list[str]) -> metrics.Figures:
    """Seconds by the clock for all inquiries against all sightings."""
    started = time.monotonic()
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        shares = [inquiries[place::PROCESSES] for place in range(PROCESSES)]
        found = sum(pool.map(answer, [sightings] * PROCESSES, shares))
    return {
        "inquiries": len(inquiries),
        "sightings": len(sightings),
        "processes": PROCESSES,
        "with_an_answer": found,
        "seconds": round(time.monotonic() - started, 1),
    }
