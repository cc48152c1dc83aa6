"""Hosts and ports, and what is said where nothing can listen."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from limner.address import cannot_listen, is_loopback, local_names, resolved, url
from limner.errors import OptionError


@pytest.mark.parametrize(
    ("host", "address", "loopback", "opened"),
    [
        ("127.0.0.1", "127.0.0.1", True, "http://127.0.0.1:80/"),
        ("localhost", "127.0.0.1", True, "http://127.0.0.1:80/"),
        ("::1", "::1", True, "http://[::1]:80/"),
        ("[::1]", "::1", True, "http://[::1]:80/"),
        ("127.9.9.9", "127.9.9.9", True, "http://127.9.9.9:80/"),
        ("0.0.0.0", "0.0.0.0", False, "http://127.0.0.1:80/"),
        ("::", "::", False, "http://[::1]:80/"),
        ("192.0.2.7", "192.0.2.7", False, "http://192.0.2.7:80/"),
    ],
)
def test_addresses(host: str, address: str, loopback: bool, opened: str) -> None:
    assert resolved(host, 80) == (address, 80)
    assert is_loopback(address) is loopback
    assert url(address, 80) == opened


def test_a_local_server_knows_its_own_names() -> None:
    assert local_names("127.9.9.9", "127.9.9.9") == {"localhost", "127.0.0.1", "[::1]", "127.9.9.9"}
    assert "[::1]" in local_names("::1", "::1")


@pytest.mark.parametrize(
    ("host", "port", "told"),
    [
        ("127.0.0.1", -1, "--port -1 is not between 0 and 65535"),
        ("127.0.0.1", 65_536, "--port 65536 is not between"),
        ("a" * 300, 80, "there is no such host"),
        ("", 80, "--host is empty"),
    ],
)
def test_what_is_no_address_is_refused(host: str, port: int, told: str) -> None:
    with pytest.raises(OptionError) as refused:
        resolved(host, port)
    assert told in refused.value.told(lambda name: f"--{name}")


def test_a_busy_port_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(OSError, match="in use") as failed:
            socket.create_server(("127.0.0.1", port))
    assert str(cannot_listen(failed.value, "127.0.0.1", port)).startswith(f"port {port} is in use")


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.EACCES, "port 80 may only be used by root"), (errno.EADDRNOTAVAIL, "host h: cannot be listened at: ")],
)
def test_other_reasons_not_to_listen(number: int, told: str) -> None:
    assert str(cannot_listen(OSError(number, os.strerror(number)), "h", 80)).startswith(told)
