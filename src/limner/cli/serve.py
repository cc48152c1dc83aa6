"""`limner serve`: photos over HTTP."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from limner.errors import MissingExtraError

HOST, PORT = "127.0.0.1", 8770
_OPEN = "anybody who reaches this server may use it; give it a key (--key-file), and HTTPS by a reverse proxy"


def command(
    port: Annotated[int, typer.Option("--port", help="Port to listen at; 0 takes a free one.")] = PORT,
    host: Annotated[str, typer.Option("--host", help="Address to listen at; 0.0.0.0 is all of them.")] = HOST,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            help="What requests may choose from, the usual one first; may be repeated. [default]",
        ),
    ] = None,
    runtime: Annotated[
        str, typer.Option("--runtime", metavar="NAME[:OPTION,…]", help="What runs the models; see `limner image`.")
    ] = "auto",
    device: Annotated[str, typer.Option("--device", help="What the models run on: cpu, cuda, …")] = "cpu",
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads of the model for one photo.")] = 1,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Photos that are worked on at once. [one for each core]")
    ] = None,
    worker_class: Annotated[
        str | None,
        typer.Option(
            "--worker-class",
            metavar="KIND",
            help="processes, each with the models, or threads, which share them. [processes on the CPU, else threads]",
        ),
    ] = None,
    batch: Annotated[
        int,
        typer.Option(
            "--batch", min=1, help="Photos that may go through the model together, with --worker-class threads."
        ),
    ] = 1,
    queue: Annotated[
        int, typer.Option("--queue", min=0, help="Requests that may wait beside those; one more gets 429.")
    ] = 16,
    body: Annotated[int, typer.Option("--body", min=1, metavar="MIB", help="Largest body of a request.")] = 32,
    max_pixels: Annotated[
        int, typer.Option("--max-pixels", min=1, help="Refuse photos with more pixels than this.")
    ] = 50_000_000,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="From the end of a body to its answer, at most.")
    ] = 60.0,
    connections: Annotated[int, typer.Option("--connections", min=1, help="Open at once.")] = 256,
    grace: Annotated[
        float, typer.Option("--grace", metavar="SECONDS", help="For what is in flight once the server is to end.")
    ] = 30.0,
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", metavar="FILE", help="Holds the key that requests need. [LIMNER_SERVE_KEY]"),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="HOST", help="What a reverse proxy calls this server; may be repeated."),
    ] = None,
    live: Annotated[
        int, typer.Option("--live", min=0, metavar="N", help="Take N streams of live video at once, by WHIP. [none]")
    ] = 0,
    backgrounds: Annotated[
        Path | None,
        typer.Option("--backgrounds", metavar="DIR", help="Photos that requests may name as backgrounds."),
    ] = None,
    url_host: Annotated[
        list[str] | None,
        typer.Option("--url-host", metavar="HOST[:PORT]", help="Fetch photos from there; may be repeated. [none]"),
    ] = None,
) -> None:
    """Serve the effects over HTTP: POST a photo, get it blurred, replaced, cut out, or its mask.

    Ctrl-C ends the server once what is in flight is done. See docs/serve.md.
    """
    from limner.address import cannot_listen, is_loopback, local_names, resolved, url
    from limner.cores import usable_cores

    try:
        from limner.serve.app import build_app
        from limner.serve.key import read_key
        from limner.serve.options import Limits, ServeOptions
        from limner.serve.server import listen, run
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in (
            "fastapi",
            "starlette",
            "uvicorn",
            "h11",
            "python_multipart",
            "prometheus_client",
            "pydantic",
        ):
            raise
        raise MissingExtraError("limner serve", missing, "serve") from None
    warnings.filterwarnings("ignore", module="PIL")  # about odd metadata, of which results are free
    limits = Limits(
        body=body,
        max_pixels=max_pixels,
        workers=max(usable_cores(), batch) if workers is None and batch > 1 else workers,
        queue=queue,
        timeout=timeout,
        connections=connections,
        grace=grace,
    )
    options = ServeOptions(
        models=tuple(model or ("default",)),
        runtime=runtime,
        device=device,
        threads=threads,
        worker_class=worker_class,
        batch=batch,
        backgrounds=backgrounds,
        live=live,
        url_hosts=tuple(url_host or ()),
        names=tuple(name or ()),
        key=read_key(key_file),
        limits=limits,
    )
    address = resolved(host, port)
    try:
        listener = listen(address)
    except OSError as error:
        raise cannot_listen(error, host, port) from None
    local = is_loopback(address[0])
    with listener:
        names = local_names(host, address[0]) | {known.lower() for known in options.names}
        serving = build_app(options, names=names if local and options.key is None else None)
        at = url(address[0], listener.getsockname()[1])

        def begun() -> None:
            if not local and options.key is None:
                print(f"note: {_OPEN}", file=sys.stderr, flush=True)
            print(f"limner: serving {', '.join(serving.names)} at {at} (Ctrl-C ends it)", flush=True)

        whole = run(serving, listener, limits, begun=begun)
    if whole:
        print("limner: ended; everything in flight was answered", flush=True)
        return
    print("limner: ended; what was still in flight was dropped", file=sys.stderr, flush=True)
    os._exit(1)  # a worker may be at a photo for seconds more, and the interpreter would wait for it
