"""The figures in the Prometheus text format, printed by `intake metrics` and served nowhere.

For a node exporter's textfile collector, or a collector that runs the command. Nothing in them is of any one object,
sender or moment.
"""

from collections.abc import Iterator, Mapping

from intake.server.services.figures import Figures

_Samples = Mapping[str, int | None]


def metrics_lines(found: Figures) -> Iterator[str]:
    """HELP, TYPE and samples of every metric; one whose value is not known has no sample."""
    reports = {f'{{kind="{word}"}}': count for word, (count, _) in found.kinds.items()}
    sizes = {f'{{kind="{word}"}}': size for word, (_, size) in found.kinds.items()}
    yield from _metric("objects", "Stored sealed objects.", reports)
    yield from _metric("object_bytes", "Bytes of stored sealed objects.", sizes)
    for name, words, value in _single(found):
        yield from _metric(name, words, {"": value})
    refused = {f'{{reason="{name}"}}': count for name, count in found.refusals.items()}
    yield from _metric("refusals_total", "Refused requests by problem, all processes.", refused, "counter")
    for name, value in found.gauges.items():
        yield from _metric(f"server_{name}", "What a server left at its last tick.", {"": value})


def _single(found: Figures) -> Iterator[tuple[str, str, int | None]]:
    yield "unfinished_uploads", "Unfinished media.", found.uploads
    yield "unfinished_bytes", "Bytes reserved for unfinished media.", found.reserved
    yield "unacked_objects", "Objects that no laptop has acked.", found.unacked
    yield "unacked_oldest_days", "Age in days of the oldest of them.", found.oldest_days
    yield "unlogged_objects", "Objects that wait for a batch of the log.", found.unlogged
    yield "log_leaves", "Leaves under the last head.", found.head[1] if found.head else None
    yield "head_age_days", "Age in days of the last head.", found.head_days
    yield "waiting_answer_slots", "Slots of answers that wait for their moment.", found.waiting_slots
    yield "waiting_answer_batches", "Batches of them.", found.waiting_batches
    yield "mailboxes", "Filled mailboxes, filler among them.", found.mailboxes
    yield "manifest_days_left", "Days until the newest key manifest ends.", found.manifest_days
    yield "disk_free_bytes", "Free bytes on the disk of the data folder.", found.disk_free
    yield "disk_bytes", "Size of that disk.", found.disk_size
    yield "up", "1 while a server runs on the data folder.", int(found.runs)


def _metric(name: str, words: str, samples: _Samples, kind: str = "gauge") -> Iterator[str]:
    known = {labels: value for labels, value in samples.items() if value is not None}
    if known:
        yield f"# HELP intake_{name} {words}"
        yield f"# TYPE intake_{name} {kind}"
        yield from (f"intake_{name}{labels} {value}" for labels, value in known.items())
