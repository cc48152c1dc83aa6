"""Where a server listens: the address that a host name means, whether only this machine reaches it, and its names."""

from __future__ import annotations

import errno
import ipaddress
import socket

from limner.errors import OptionError

_LOCAL_NAMES = frozenset(("localhost", "127.0.0.1", "[::1]"))


def resolved(host: str, port: int) -> tuple[str, int]:
    """The numeric address of ``host``, and the port.

    Raises:
        OptionError: there is no such host, or no such port.
    """
    if not 0 <= port <= 65_535:
        raise OptionError(f"‹port› {port} is not between 0 and 65535 (0 takes a free one)")
    name = host.removeprefix("[").removesuffix("]")
    if not name:
        raise OptionError("‹host› is empty; 127.0.0.1 is this machine alone, 0.0.0.0 all of its addresses")
    if name.lower() == "localhost":
        return "127.0.0.1", port
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise OptionError(f"‹host› {host}: there is no such host; 127.0.0.1 is this machine alone") from None
    return str(found[0][4][0]), port


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches it."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def local_names(host: str, address: str) -> frozenset[str]:
    """What a request may call a server on loopback: its address, the name it was given, and the usual names."""
    own = f"[{address}]" if ":" in address else address
    return _LOCAL_NAMES | {own, host.lower()}


def url(address: str, port: int) -> str:
    """That opens a page which listens there, on this machine."""
    unspecified = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    reached = unspecified.get(address, address)
    return f"http://{f'[{reached}]' if ':' in reached else reached}:{port}/"


def cannot_listen(error: OSError, host: str, port: int) -> OptionError:
    """Why nothing can listen there, and what to do."""
    if error.errno == errno.EADDRINUSE:
        text = "is in use by another program; end that, or choose another (0 takes a free one)"
        return OptionError(f"‹port› {port} {text}")
    if error.errno == errno.EACCES:
        return OptionError(f"‹port› {port} may only be used by root; choose one of 1024 or more")
    return OptionError(f"‹host› {host}: cannot be listened at: {error.strerror or error}")
