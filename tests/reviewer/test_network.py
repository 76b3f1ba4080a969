"""No network: refused at run time inside the process, and nothing misses it in an empty network namespace."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

ATTEMPTS = {
    "connect": "socket.socket().connect(('192.0.2.1', 80))",
    "connect by name": "socket.socket().connect(('example.org', 80))",
    "connect on this machine": "socket.socket().connect(('127.0.0.1', 80))",
    "connect to localhost by name": "socket.socket().connect(('localhost', 80))",
    "connect_ex": "socket.socket().connect_ex(('192.0.2.1', 80))",
    "connect over IPv6": "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
    "mapped address": "socket.socket(socket.AF_INET6).connect(('::ffff:192.0.2.1', 80))",
    "bind to every address": "socket.socket().bind(('', 0))",
    "socket of the C module": "__import__('_socket').socket()",
    "bind to 0.0.0.0": "socket.socket().bind(('0.0.0.0', 0))",
    "datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "look-up": "socket.getaddrinfo('example.org', 80)",
    "old look-up": "socket.gethostbyname('example.org')",
    "reverse look-up": "socket.gethostbyaddr('192.0.2.1')",
    "unix socket": "socket.socket(socket.AF_UNIX)",
    "raw socket": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "http": "urllib.request.urlopen('http://192.0.2.1/')",
}


def python(code: str, *before: str) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_way_out_is_refused(attempt: str) -> None:
    done = python(
        f"""
        import socket, urllib.request
        from intake.reviewer.errors import NetworkRefused
        from intake.reviewer.network import refuse_network
        refuse_network()
        try:
            {attempt}
        except NetworkRefused:
            print("refused")
        """
    )
    assert done.stdout == "refused\n", done.stderr


def test_command_refuses_before_anything_else() -> None:
    """The entry point itself installs the guard: a verb that tries is stopped."""
    done = python(
        """
        import argparse, socket, sys
        from intake.reviewer import cli
        def verb(arguments): socket.socket().connect(("192.0.2.1", 80))
        real = cli.build_parser
        def parser():
            made = real()
            made.parse_args = lambda argv: argparse.Namespace(verb=verb)
            return made
        cli.build_parser = parser
        sys.argv = ["reviewer", "status"]
        cli.main()
        """
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: This program may not use a network; the attempt was blocked.\nhint: ")


def test_namespace_of_the_other_tests_has_no_way_out(in_empty_network: list[str]) -> None:
    done = python("print(open('/proc/net/dev').read().strip())", *in_empty_network)
    devices = done.stdout
    assert [line.split(":")[0].strip() for line in devices.splitlines()[2:]] == ["lo"]
