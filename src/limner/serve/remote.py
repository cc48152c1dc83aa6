"""Photos from the URLs of requests: only from hosts that the operator named, and never from inside the network.

A name is looked up once, all of its addresses must be public, and the connection goes to the address that was checked.
A host that the operator gave as an address is taken as it is. Redirects are not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from limner.serve.options import Limits
from limner.serve.refusal import RefusedError

_PORTS = {"http": 80, "https": 443}
_CHUNK = 65_536
_LONGEST = 2048


class Remote:
    """Fetches photos.

    Args:
        hosts: that may be fetched from, with a port or without; without one the usual ports are meant.
        limits: ``body_seconds`` for all of it, ``body`` for its size.
    """

    def __init__(self, hosts: Sequence[str], limits: Limits) -> None:
        self._hosts, self._limits = frozenset(host.lower() for host in hosts), limits

    @property
    def is_allowed(self) -> bool:
        """Whether any URL is taken."""
        return bool(self._hosts)

    def fetch(self, url: str) -> bytes:
        """What lies at ``url``.

        Raises:
            RefusedError: 403, it may not be fetched; 413, it is too large; 422, it is no URL; 502 and 504, the host
                gives no photo, or not in time.
        """
        parts, host, port = self._checked(url)
        until = time.monotonic() + self._limits.body_seconds
        address = self._address(host, port)
        try:
            return self._got(parts, host, port, address, until)
        except TimeoutError:
            raise RefusedError(HTTPStatus.GATEWAY_TIMEOUT, f"url: {host} did not send the photo in time") from None
        except (OSError, http.client.HTTPException, ValueError):
            raise RefusedError(HTTPStatus.BAD_GATEWAY, f"url: {host} cannot be read from") from None

    def _checked(self, url: str) -> tuple[SplitResult, str, int]:
        """The URL's parts, its host and its port, where it may be fetched."""
        if not self._hosts:
            reason = "this server fetches nothing; send the photo itself"
            raise RefusedError(HTTPStatus.FORBIDDEN, reason)
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            parts, host, port = SplitResult("", "", "", "", ""), "", None
        plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= _LONGEST
        if not plain or not host or parts.scheme not in _PORTS:
            reason = "url must be a plain http:// or https:// address"
            raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, reason)
        if parts.username is not None or parts.password is not None:
            raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "url must have no user name or password")
        named = f"[{host}]" if ":" in host else host
        usual = port in (None, _PORTS[parts.scheme])
        port = port or _PORTS[parts.scheme]
        if f"{named}:{port}" not in self._hosts and not (usual and named in self._hosts):
            raise RefusedError(HTTPStatus.FORBIDDEN, f"url: this server does not fetch from {named}:{port}")
        return parts, host, port

    def _address(self, host: str, port: int) -> str:
        """The address to connect to."""
        try:
            return str(ipaddress.ip_address(host))  # the operator's own words
        except ValueError:
            pass
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise RefusedError(HTTPStatus.BAD_GATEWAY, f"url: there is no host {host}") from None
        addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
        if not all(is_public(address) for address in addresses):
            raise RefusedError(HTTPStatus.FORBIDDEN, f"url: {host} is inside a private network")
        return addresses[0]

    def _got(self, parts: SplitResult, host: str, port: int, address: str, until: float) -> bytes:
        def left() -> float:
            if (seconds := until - time.monotonic()) <= 0:
                raise TimeoutError
            return seconds

        plain: socket.socket = socket.create_connection((address, port), timeout=left())
        with plain:
            connected = plain
            if parts.scheme == "https":
                connected = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
            with connected:
                connection = http.client.HTTPConnection(host, port, timeout=left())
                connection.sock = connected
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request("GET", target, headers={"Accept": "image/*", "Accept-Encoding": "identity"})
                connected.settimeout(left())
                answer = connection.getresponse()
                if answer.status != HTTPStatus.OK:
                    what = "a redirect, which is not followed" if 300 <= answer.status < 400 else "no photo"
                    raise RefusedError(HTTPStatus.BAD_GATEWAY, f"url: {host} answers {answer.status}, {what}")
                return self._read(answer, connected, left)

    def _read(self, answer: http.client.HTTPResponse, connected: socket.socket, left: object) -> bytes:
        body, most = bytearray(), self._limits.body_bytes
        while True:
            connected.settimeout(left())  # type: ignore[operator]
            chunk = answer.read1(_CHUNK)
            if not chunk:
                if answer.length:
                    raise RefusedError(HTTPStatus.BAD_GATEWAY, "url: the photo ends before it is whole")
                return bytes(body)
            body += chunk
            if len(body) > most:
                reason = f"url: the photo is larger than {self._limits.body} MiB"
                raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason)


def is_public(address: str) -> bool:
    """Whether an address is one of the public Internet: not private, of this machine, multicast or reserved."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is not None:
            return is_public(str(inner))
        if found in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast
