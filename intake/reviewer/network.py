"""No network: a second wall behind the import contract, for code that was not written here.

`refuse_network` adds an audit hook (PEP 578), which cannot be taken out again while the process lives. It stops the
making of any socket and every look-up of a name, loopback included: no verb of this tool needs one. Stopping only
connections would be too late, because connecting to a name asks the network for its address first.

It does not stop code that calls the kernel by itself, without Python. Against that, run the tool in an empty network
namespace (`unshare --map-root-user --net reviewer ...`), or better, take the radio out.
"""

import sys

from intake.reviewer.errors import NetworkRefused

_on = False


def refuse_network() -> None:
    """Block every way out of this process that Python knows of, for the rest of its life."""
    global _on
    if not _on:
        sys.addaudithook(_refuse)
    _on = True


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith("socket."):
        raise NetworkRefused
