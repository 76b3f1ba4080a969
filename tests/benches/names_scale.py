"""An index of names at the size of a big case file: memory, making, saving, and many inquiries at once.

Every figure comes from fresh processes. Memory is the growth of the resident set from before the matcher is loaded to
after the index is made and everything else is let go, so it includes the names themselves and whatever the matcher
loads or caches. Times are CPU seconds; `seconds` of the inquiries are by the clock, from names to answers, through two
processes that each make their own index of all sightings.
"""

from __future__ import annotations

import gc
import io
import itertools
import multiprocessing
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import names_metrics as metrics
import proc
from names_invented import invented_names

if TYPE_CHECKING:
    from intake.reviewer.people import NameIndex

INDEXED = 100_000
ASKED = 50
PROCESSES = 2


def run_in_fresh_process(function: Callable[..., metrics.Figures], *arguments: object) -> metrics.Figures:
    """What `function` returns in a new process, that shares nothing with this one."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def index_figures(count: int) -> metrics.Figures:
    """Memory, seconds to make, save and load, size saved, and milliseconds per query of an index of `count` names."""
    gc.collect()
    before = proc.resident_bytes("VmRSS")
    # Only now, so that what the matcher loads counts.
    from intake.reviewer.people import NameIndex

    names = list(itertools.islice(invented_names(), count))
    asked = names[:: max(1, len(names) // ASKED)]
    started = time.process_time()
    index = NameIndex(names)
    build = time.process_time() - started
    held = len(names)
    del names
    gc.collect()
    grown = proc.resident_bytes("VmRSS") - before
    times = [cpu_ms(index, name) for name in asked]
    return {
        "names": held,
        "grown_mb": round(grown / 1e6, 1),
        "build_s": round(build, 2),
        "ms_median": round(statistics.median(times), 2),
        **saving_figures(index),
    }


def cpu_ms(index: NameIndex, name: str) -> float:
    started = time.process_time()
    index.search(name)
    return (time.process_time() - started) * 1000


def saving_figures(index: NameIndex) -> metrics.Figures:
    """CPU seconds to save and load `index`, and its bytes."""
    from intake.reviewer.people import NameIndex

    file = io.BytesIO()
    started = time.process_time()
    index.save(file)
    saved = time.process_time()
    file.seek(0)
    again = NameIndex.load(file)
    loaded = time.process_time()
    if len(again) != len(index):
        raise ValueError("a loaded index has not as many names as the saved one")
    return {
        "save_s": round(saved - started, 2),
        "load_s": round(loaded - saved, 2),
        "saved_bytes": file.getbuffer().nbytes,
    }


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
