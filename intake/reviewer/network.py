"""No network: a second wall behind the import contract, for code that was not written here.

`refuse_network` adds an audit hook (PEP 578), which cannot be taken out again while the process lives. It stops
every connection, binding, sending and name look-up that is not for a loopback address written as a number, and
every socket that is not for IP. It does not stop code that calls the kernel by itself, without Python; against
that, run the tool in an empty network namespace (`unshare -rn reviewer ...`), or better, take the radio out.
"""

import ipaddress
import sys

from intake.reviewer.errors import NetworkRefused

_IP_FAMILIES = (2, 10)
_ADDRESS_SECOND = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg")
_ADDRESS_FIRST = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
_on = False


def refuse_network() -> None:
    """Block every way out of this process that Python knows of, for the rest of its life."""
    global _on
    if not _on:
        sys.addaudithook(_check)
    _on = True


def _check(event: str, arguments: tuple[object, ...]) -> None:
    if not event.startswith("socket."):
        return
    if event == "socket.__new__" and arguments[1] not in (*_IP_FAMILIES, -1):
        raise NetworkRefused("a socket of another family")
    if event in _ADDRESS_SECOND:
        _require_loopback(arguments[1])
    elif event in _ADDRESS_FIRST:
        _require_loopback(arguments[0])


def _require_loopback(address: object) -> None:
    host = address[0] if isinstance(address, tuple) and address else address
    # sendmsg on a connected socket names no address; the connection itself was checked.
    if host is None:
        return
    try:
        allowed = ipaddress.ip_address(host).is_loopback if isinstance(host, str) else False
    except ValueError:
        allowed = False
    if not allowed:
        raise NetworkRefused
