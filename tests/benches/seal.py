"""How fast we seal and in how much memory, beside pyrage and, in a real browser, beside typage.

    tests/bench seal [--mib N]

All four seal the same bytes to one recipient, a process or browser each, in turn; rates are of the median run, peaks
the highest of all. MB is 10**6 bytes. What the figures are not:

- pyrage seals to X25519, since it has nothing post-quantum. The header is a fraction of a millisecond of it.
- Python and pyrage go file to file without waiting for the disk.
- `mb_per_s` is by the clock and falls when the machine has other work; `mb_per_cpu_s`, all threads, hardly does.
- In the browser both get 64 KiB at a time and both start cold, as on a phone that seals once. Ours also takes the
  SHA-256 of every sealed chunk, which guards the making again of chunks; typage does nothing like it, and has the
  browser's streams to pay for.
- A desktop's Chromium is no phone; only the ratio carries over, roughly.
"""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path

import age_browser
import age_figures as age
import pyrage

from keys.age import HybridIdentity


def in_python(plain: Path, folder: Path, digest: str) -> dict[str, object]:
    """keys.age beside pyrage."""
    ours, theirs = folder / "ours.age", folder / "pyrage.age"
    identity, classic = HybridIdentity.generate(), pyrage.x25519.Identity.generate()
    mine, other = age.in_turn(
        age.RUNS,
        partial(age.run_child, "seal-ours", plain, ours, age.recipient_key(identity).text),
        partial(age.run_child, "seal-pyrage", plain, theirs, str(classic.to_public())),
    )
    age.require_equal("ours_python", age.digest_of_sealed(ours, identity), digest)
    age.require_equal("pyrage", age.digest_of_pyrage_sealed(theirs, classic), digest)
    return age.compare(plain.stat().st_size, "ours_python", mine, "pyrage", other)


def in_browser(plain: Path, folder: Path, digest: str) -> dict[str, object]:
    """The page's sealer beside typage."""
    identity = HybridIdentity.generate()
    site = age_browser.Site(folder / "bench.js", plain, folder / "browser.age")
    age_browser.bundle(site.script)

    def job(name: str) -> age.Sample:
        sample = age_browser.run_job(name, site, age.recipient_key(identity))
        age.require_equal(name, age.digest_of_sealed(site.result, identity), digest)
        return sample

    mine, other = age.in_turn(age.BROWSER_RUNS, partial(job, "seal-ours"), partial(job, "seal-typage"))
    return age.compare(plain.stat().st_size, "ours_browser", mine, "typage", other)


def main(argv: list[str]) -> int:
    """Prints the figures; the last line is one JSON object."""
    mib = age.mib_of("seal", argv)
    with tempfile.TemporaryDirectory(prefix="intake-bench-") as name:
        folder = Path(name)
        plain = folder / "plain"
        age.write_plain(plain, mib)
        digest = age.digest_of_file(plain)
        found = in_python(plain, folder, digest) | in_browser(plain, folder, digest)
    print(json.dumps({"bench": "seal", "mib": mib, **found}))
    return 0
