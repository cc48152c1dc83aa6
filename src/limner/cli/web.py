"""`limner web`: serves the page that runs Limner in a browser, or exports it as a static site."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from limner.cli.serving import ending, note
from limner.errors import OptionError

if TYPE_CHECKING:
    from limner.web.site import Site

HOST, PORT = "127.0.0.1", 8765
_ELSEWHERE = (
    "browsers give a page a camera, and threads, over HTTPS or from localhost only; from another machine forward the "
    "port (ssh -L {port}:localhost:{port} …), or put a server with HTTPS in front"
)


def command(
    port: Annotated[int | None, typer.Option("--port", help=f"Port to listen at; 0 takes a free one. [{PORT}]")] = None,
    host: Annotated[
        str | None, typer.Option("--host", help=f"Address to listen at; 0.0.0.0 is all of them. [{HOST}]")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    models: Annotated[
        Path | None,
        typer.Option("--models", metavar="DIR", help="Offer the .onnx, .tflite and .tfjs models of a folder as well."),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="DIR", help="Write a static site for any web host instead of serving."),
    ] = None,
) -> None:
    """Serve a page that finds the person in what a camera, a photo or a video shows, in the browser itself.

    No picture leaves the browser. Ctrl-C stops the server. See docs/browser.md.
    """
    from limner.address import resolved
    from limner.web.site import Site

    if export is not None and (port is not None or host is not None or open_):
        raise OptionError("--export serves nothing; leave --port, --host and --open out")
    address = resolved(HOST if host is None else host, PORT if port is None else port)
    site = Site(own=models)
    for notice in site.shelf.notices:
        note(notice)
    if export is None:
        _serve(site, address, HOST if host is None else host, open_)
        return
    from limner.web.exporting import export_site

    done = export_site(site, export)
    print(f"{export}: {done.files} files, {done.bytes / 1e6:.1f} MB; README.txt in it says how to host them")


def _serve(site: Site, address: tuple[str, int], host: str, open_: bool) -> None:
    from limner.address import cannot_listen, is_loopback, local_names, url
    from limner.cli.browsing import open_page
    from limner.web.answering import Answers
    from limner.web.server import WebServer

    local = is_loopback(address[0])
    answers = Answers(site, local_names(host, address[0]) if local else None)
    with ending() as ended:
        try:
            server = WebServer(address, answers)
        except OSError as error:
            raise cannot_listen(error, host, address[1]) from None
        with server:
            page = url(address[0], server.port)
            print(f"limner: the page is at {page} (Ctrl-C stops it)", flush=True)
            if not local:
                note(_ELSEWHERE.format(port=server.port))
            if open_ and not open_page(page):
                note("there is no browser to open here; open the address yourself")
            number = ended()
    print("limner: stopped", flush=True)
    if number == signal.SIGTERM:
        raise typer.Exit(128 + number)
