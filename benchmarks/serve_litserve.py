"""The same net and effect behind LitServe, with its batches, in its own environment: PORT WORKERS BATCH"""

from __future__ import annotations

import base64
import sys

import litserve  # type: ignore[import-not-found]
from fastapi import Response

from benchmarks.serve_batched import Batched


class Blur(litserve.LitAPI):  # type: ignore[misc]
    """A photo in base64 in JSON, the blurred JPEG out."""

    def setup(self, device: str) -> None:
        self.batched = Batched()

    def decode_request(self, request) -> bytes:  # type: ignore[no-untyped-def]  # an annotation would be taken for a query
        return base64.b64decode(request["photo"])

    def batch(self, inputs: list[bytes]) -> list[bytes]:
        return list(inputs)

    def predict(self, photos: list[bytes]) -> list[bytes]:
        return self.batched(photos)

    def unbatch(self, output: list[bytes]) -> list[bytes]:
        return output

    def encode_response(self, output: bytes) -> Response:
        return Response(content=output, media_type="image/jpeg")


if __name__ == "__main__":
    api = Blur(max_batch_size=int(sys.argv[3]), batch_timeout=0.01)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=int(sys.argv[2]), timeout=120)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", generate_client_file=False)
