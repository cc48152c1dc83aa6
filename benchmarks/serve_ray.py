"""The same net and effect behind Ray Serve, with its batches, in its own environment: PORT WORKERS BATCH"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray  # type: ignore[import-not-found]
from ray import serve
from starlette.requests import Request
from starlette.responses import Response

from benchmarks.serve_batched import Batched

PORT, WORKERS, BATCH = (int(value) for value in sys.argv[1:4])


@serve.deployment(num_replicas=WORKERS, max_ongoing_requests=128, ray_actor_options={"num_cpus": 1})  # type: ignore[untyped-decorator]
class Blur:
    """A photo in, the blurred JPEG out."""

    def __init__(self) -> None:
        self.batched = Batched()

    @serve.batch(max_batch_size=BATCH, batch_wait_timeout_s=0.01)  # type: ignore[untyped-decorator]
    async def together(self, photos: list[bytes]) -> list[bytes]:
        return self.batched(photos)

    async def __call__(self, request: Request) -> Response:
        result: Any = await self.together(await request.body())
        return Response(result, media_type="image/jpeg")


if __name__ == "__main__":
    ray.init("local", num_cpus=WORKERS, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": PORT})
    serve.run(Blur.bind())
    while True:
        time.sleep(3600)
