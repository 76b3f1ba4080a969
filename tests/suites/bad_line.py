"""A bad line between two network namespaces: a phone's and a server's. Needs root, `ip`, `tc` and `nft`.

Both directions have a token bucket for the rate and lose packets at random behind it, as they come in; a black-out
drops everything in both directions. Loss is per packet: segments are not put together on the way.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass

SERVER_ADDRESS = "10.77.0.1"
PHONE_ADDRESS = "10.77.0.2"
QUEUE_MS = 400
RULES = """
table inet bad {{
  counter arrived {{ }}
  chain dark {{ type filter hook input priority -10; policy accept; }}
  chain lossy {{
    type filter hook input priority 0; policy accept;
    iifname "lo" accept
    numgen random mod 1000 < {loss} drop
    counter name arrived
  }}
}}
"""


@dataclass(frozen=True)
class Kind:
    """A line: bits a second, per mille of packets lost each way, seconds between black-outs and of each (0: none).

    With `forgets` a black-out also ends every connection without a word, as a carrier's NAT does that forgot it.
    """

    bits_per_s: int
    loss_per_mille: int = 0
    dark_every_s: float = 0
    dark_s: float = 0
    forgets: bool = False


def run(*words: str, text: str | None = None) -> str:
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(words[:4])}: {done.stderr.strip()}")
    return done.stdout


class BadLine:
    """Two namespaces, named after this process, and what is between them."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.server_space, self.phone_space = (f"intake-{os.getpid()}-{end}" for end in ("server", "phone"))
        self.dark_times = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._black_outs, daemon=True)

    def inside(self, space: str, *words: str) -> list[str]:
        """The command that runs `words` in a namespace."""
        return ["ip", "netns", "exec", space, *words]

    def make(self) -> None:
        """Makes both ends. Raises OSError where this is not allowed."""
        for space in (self.server_space, self.phone_space):
            run("ip", "netns", "add", space)
        ends = {self.server_space: ("s0", SERVER_ADDRESS), self.phone_space: ("p0", PHONE_ADDRESS)}
        run(
            "ip",
            "link",
            "add",
            "s0",
            "netns",
            self.server_space,
            "type",
            "veth",
            "peer",
            "p0",
            "netns",
            self.phone_space,
        )
        for space, (device, address) in ends.items():
            run(*self.inside(space, "ip", "addr", "add", f"{address}/24", "dev", device))
            run(*self.inside(space, "ip", "link", "set", device, "gso_max_segs", "1", "up"))
            run(*self.inside(space, "ip", "link", "set", "lo", "up"))
            rate = ("rate", f"{self.kind.bits_per_s}bit", "burst", "3200", "latency", f"{QUEUE_MS}ms")
            run(*self.inside(space, "tc", "qdisc", "add", "dev", device, "root", "tbf", *rate))
            run(*self.inside(space, "nft", "-f", "-"), text=RULES.format(loss=self.kind.loss_per_mille))
        if self.kind.dark_every_s:
            self._thread.start()

    def arrived_bytes(self, space: str) -> int:
        """IP bytes that came in at one end so far, retransmissions and headers with them."""
        words = run(*self.inside(space, "nft", "list", "counter", "inet", "bad", "arrived")).split()
        return int(words[words.index("bytes") + 1])

    def remove(self) -> None:
        """Removes both ends; what still runs in them loses its line."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        for space in (self.server_space, self.phone_space):
            with contextlib.suppress(OSError):
                run("ip", "netns", "del", space)

    def _black_outs(self) -> None:
        # The first one comes half way through the first period.
        wait = self.kind.dark_every_s / 2
        while not self._ended.wait(wait):
            self._let("drop")
            self.dark_times += 1
            self._ended.wait(self.kind.dark_s)
            if self.kind.forgets:
                self._forget()
            self._let("accept")
            wait = self.kind.dark_every_s - self.kind.dark_s

    def _forget(self) -> None:
        """From now on nothing of a connection that exists arrives at either end."""
        listed = run(*self.inside(self.phone_space, "ss", "-Htn")).splitlines()
        ports = {line.split()[3].rpartition(":")[2] for line in listed}
        for space, side in ((self.server_space, "sport"), (self.phone_space, "dport")):
            for port in ports:
                run(*self.inside(space, "nft", "add", "rule", "inet", "bad", "dark", "tcp", side, port, "drop"))

    def _let(self, policy: str) -> None:
        for space in (self.server_space, self.phone_space):
            chain = f"chain inet bad dark {{ type filter hook input priority -10; policy {policy}; }}"
            run(*self.inside(space, "nft", chain))


@contextlib.contextmanager
def bad_line(kind: Kind) -> Iterator[BadLine]:
    """A line for the length of a block. Raises OSError where no namespaces can be made."""
    line = BadLine(kind)
    try:
        line.make()
        yield line
    finally:
        line.remove()
