"""How fast we open and in how much memory, beside pyrage and, in a real browser, beside typage.

    tests/bench open [--mib N]

All four open the same plaintext, a process or browser each, in turn; rates are of the median run, peaks the highest
of all. MB is 10**6 bytes. What the figures are not:

- pyrage opens what pyrage sealed to X25519, since it has nothing post-quantum; the others open one hybrid file.
- Python and pyrage go file to file without waiting for the disk.
- `mb_per_s` is by the clock and falls when the machine has other work; `mb_per_cpu_s`, all threads, hardly does.
- In the browser both hand out 64 KiB at a time and both start cold. Our reader has the sealed file in memory, which
  is not counted, and no way to take it as a stream: the page only opens answers. typage reads a stream of it, and
  has the browser's streams to pay for.
- A desktop's Chromium is no phone; only the ratio carries over, roughly.

`stream_256` is the laptop's own way, whatever N is: 256 MiB from a file to a file that appears when all has verified
and is on the disk. `ok` means at most 64 MB over idle; if not, the exit code is 1.
"""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path

import age_browser
import age_figures as age
import pyrage

from keys.age import HybridIdentity, HybridRecipient, seal_stream

STREAM_MIB = 256
STREAM_PEAK_MB = 64


def seal_file(plain: Path, sealed: Path, identity: HybridIdentity) -> None:
    """Seals a file to one identity."""
    with plain.open("rb") as source, sealed.open("wb") as sink:
        seal_stream(source, sink, [HybridRecipient(identity.recipient)])


def in_python(plain: Path, sealed: Path, identity: HybridIdentity, digest: str) -> dict[str, object]:
    """keys.age beside pyrage."""
    ours, theirs, classic_sealed = (plain.with_name(name) for name in ("ours", "pyrage", "pyrage.age"))
    classic = pyrage.x25519.Identity.generate()
    pyrage.encrypt_file(str(plain), str(classic_sealed), [classic.to_public()])
    mine, other = age.in_turn(
        age.RUNS,
        partial(age.run_child, "open-ours", sealed, ours, identity.to_text()),
        partial(age.run_child, "open-pyrage", classic_sealed, theirs, str(classic)),
    )
    for path in (ours, theirs):
        age.require_equal(path.name, age.digest_of_file(path), digest)
    return age.compare(plain.stat().st_size, "ours_python", mine, "pyrage", other)


def in_browser(plain: Path, sealed: Path, identity: HybridIdentity, digest: str) -> dict[str, object]:
    """The page's reader beside typage."""
    site = age_browser.Site(plain.with_name("bench.js"), sealed, plain.with_name("browser"))
    age_browser.bundle(site.script)

    def job(name: str) -> age.Sample:
        sample = age_browser.run_job(name, site, age.identity_key(identity))
        age.require_equal(name, age.digest_of_file(site.result), digest)
        return sample

    mine, other = age.in_turn(age.BROWSER_RUNS, partial(job, "open-ours"), partial(job, "open-typage"))
    return age.compare(plain.stat().st_size, "ours_browser", mine, "typage", other)


def stream_256(folder: Path, identity: HybridIdentity) -> dict[str, object]:
    """Opens 256 MiB as the laptop does."""
    plain, sealed, opened = (folder / name for name in ("large", "large.age", "large.opened"))
    age.write_plain(plain, STREAM_MIB)
    seal_file(plain, sealed, identity)
    sample = age.run_child("open-ours-to-disk", sealed, opened, identity.to_text())
    age.require_equal("stream_256", age.digest_of_file(opened), age.digest_of_file(plain))
    found = age.figures(plain.stat().st_size, [sample])
    age.tell("stream_256", found)
    return {**found, "ok": sample["peak_mb"] <= STREAM_PEAK_MB}


def main(argv: list[str]) -> int:
    """Prints the figures; the last line is one JSON object. Returns 1 if the large file took too much memory."""
    mib = age.mib_of("open", argv)
    identity = HybridIdentity.generate()
    with tempfile.TemporaryDirectory(prefix="intake-bench-") as name:
        plain, sealed = Path(name, "plain"), Path(name, "plain.age")
        age.write_plain(plain, mib)
        seal_file(plain, sealed, identity)
        digest = age.digest_of_file(plain)
        found = in_python(plain, sealed, identity, digest) | in_browser(plain, sealed, identity, digest)
    with tempfile.TemporaryDirectory(prefix="intake-bench-") as name:
        stream = stream_256(Path(name), identity)
    print(json.dumps({"bench": "open", "mib": mib, **found, "stream_256": stream}))
    return 0 if stream["ok"] else 1
