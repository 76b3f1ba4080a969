"""What is in memory stays there: no core dump, which would lay keys and reports on the disk in the clear."""

import ctypes
import resource
from typing import Final

_PR_SET_DUMPABLE: Final = 4


def refuse_core_dumps() -> None:
    """Makes a crash of this process leave no file, and hides its memory from the user's other programs (prctl(2)).

    The limit alone does not hold where the kernel hands dumps to a program. Swap is the machine's to encrypt.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
