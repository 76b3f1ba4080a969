"""A crash of the tool leaves nothing readable behind."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import ctypes, resource, sys
from intake.reviewer import cli
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
sys.argv = ["reviewer", "list", "--home", "/nothing"]
try:
    cli.main()
except SystemExit:
    print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


def test_process_can_dump_no_core() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "(0, 0) 0\n", done.stderr
