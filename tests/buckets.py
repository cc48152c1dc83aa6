"""A bucket of S3 on this machine: moto's server in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "limner",
    "AWS_SECRET_ACCESS_KEY": "limner",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0)
server.start()
print("port", server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def serving() -> Iterator[str]:
    """The address of the server."""
    environment = os.environ | SETTINGS
    child = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, env=environment,
    )  # fmt: skip
    assert child.stdout is not None
    try:
        port = next((line.split()[1] for line in child.stdout if line.startswith("port ")), None)
        assert port is not None, "the server did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        child.kill()
        child.communicate()
