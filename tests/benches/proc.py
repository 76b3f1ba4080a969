"""Memory and processor time of a process, from Linux's /proc."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def resident_bytes(field: str, process: int | str = "self") -> int:
    """`VmRSS`, what `process` holds now, or `VmHWM`, the most it ever held; in bytes."""
    for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.removesuffix("kB")) * 1024
    raise ValueError(f"no {field} of process {process}")


def idle_bytes(process: int | str = "self") -> int:
    """What `process` holds now; its `VmHWM` counts from here.

    Where the kernel does not let it be reset, an earlier peak stays in: the figure is then too high, never too low.
    """
    with contextlib.suppress(OSError):
        Path(f"/proc/{process}/clear_refs").write_text("5", "ascii")
    return resident_bytes("VmRSS", process)


def cpu_seconds(process: int) -> float:
    """Seconds all threads of `process` ran so far, user and system; in steps of 0.01 on most machines."""
    # The program's name stands in brackets and may hold anything; user and system ticks are fields 14 and 15.
    fields = Path(f"/proc/{process}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
