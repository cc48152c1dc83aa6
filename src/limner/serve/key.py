"""The key that requests must have: read from the environment or a file, and compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from limner.errors import OptionError

VARIABLE = "LIMNER_SERVE_KEY"
_LEAST = 16


def read_key(file: Path | None) -> str | None:
    """The key in ``file``, or in the environment's ``LIMNER_SERVE_KEY``; None where neither is given.

    The environment forgets it, so that processes that are started have no key.

    Raises:
        OptionError: both are given, the file cannot be read, or the key is short or no plain text.
    """
    variable = os.environ.pop(VARIABLE, None)
    if file is None:
        return None if variable is None else _checked(variable, VARIABLE)
    if variable is not None:
        raise OptionError(f"‹key_file› and {VARIABLE} both say the key: give one of the two")
    try:
        text = file.read_bytes().decode("ascii")
    except OSError as error:
        raise OptionError(f"‹key_file› {file}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise OptionError(f"‹key_file› {file}: holds no plain text; make a key with: openssl rand -hex 32") from None
    return _checked(text.strip(), f"‹key_file› {file}")


def _checked(key: str, where: str) -> str:
    if len(key) < _LEAST or not key.isascii() or not key.isprintable() or " " in key:
        raise OptionError(
            f"{where}: a key has {_LEAST} signs or more, all of them plain, without spaces; make one with: "
            "openssl rand -hex 32"
        )
    return key


class Lock:
    """Says whether a request has the key.

    Args:
        key: None lets everybody in.
    """

    def __init__(self, key: str | None) -> None:
        self._digest = None if key is None else _digest(key.encode("ascii"))

    @property
    def is_open(self) -> bool:
        """Whether no key is needed."""
        return self._digest is None

    def fits(self, authorization: bytes | None) -> bool:
        """Whether the value of a header Authorization, ``Bearer KEY``, has the key."""
        if self._digest is None:
            return True
        scheme, _, given = (authorization or b"").partition(b" ")
        same = hmac.compare_digest(_digest(given.strip()), self._digest)  # of one length, whatever was given
        return same and scheme.lower() == b"bearer"


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
