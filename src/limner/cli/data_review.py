"""`limner data review`: a page on this machine to go through photos and masks: accept, reject, repair."""

from __future__ import annotations

import secrets
import signal
from pathlib import Path
from typing import Annotated

import typer

from limner.cli.browsing import open_page
from limner.cli.serving import ending, note
from limner.places import check_folder

HOST, PORT = "127.0.0.1", 8766


def review(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Data folder.", show_default=False)],
    masks: Annotated[
        Path,
        typer.Option(help="Folder of `limner data label`, or a new one, for decisions and repaired masks."),
    ] = Path("masks"),
    listed: Annotated[
        Path | None,
        typer.Option("--list", help="CSV with the columns set and stem, and perhaps why. [review.csv of --masks]"),
    ] = None,
    sets: Annotated[list[str] | None, typer.Option("--sets", help="Only this set; may be repeated.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every photo of the data folder, list or not.")] = False,
    port: Annotated[int, typer.Option(help="Port to listen at; 0 takes a free one.")] = PORT,
    open_: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Go through photos in the browser: accept or reject masks, or repair them with a brush that snaps to edges.

    Everything is saved as it happens, in the folder of masks, which a recipe names as `masks`; the data folder stays as
    it is. Only this machine reaches the page, by the address that is printed. Ctrl-C stops it.
    """
    from limner.address import cannot_listen, local_names, resolved, url
    from limner.review.answers import MOST_BYTES, ReviewAnswers
    from limner.review.desk import Desk, ReviewOptions
    from limner.web.server import WebServer

    address = resolved(HOST, port)
    check_folder(masks, option="masks")
    options = ReviewOptions(listed=listed, sets=tuple(sets) if sets else None, all=all_)
    key = secrets.token_urlsafe(16)
    with Desk(folder, masks, options) as desk, ending() as ended:
        answers = ReviewAnswers(desk, local_names(HOST, address[0]), key)
        try:
            server = WebServer(address, answers, body_bytes=MOST_BYTES)
        except OSError as error:
            raise cannot_listen(error, HOST, port) from None
        with server:
            page = f"{url(address[0], server.port)}{key}/"
            print(f"limner: {len(desk.items)} photos to review at {page} (Ctrl-C stops it)", flush=True)
            if open_ and not open_page(page):
                note("there is no browser to open here; open the address yourself")
            number = ended()
        told = [desk.decisions.of(item.photo) for item in desk.items]
    counts = ", ".join(f"{told.count(name)} {word}" for name, word in _WORDS.items())  # type: ignore[arg-type]
    print(f"limner: {counts}, {told.count(None)} undecided: {masks}", flush=True)
    if number == signal.SIGTERM:
        raise typer.Exit(128 + number)


_WORDS = {"accept": "accepted", "repair": "repaired", "reject": "rejected", "nobody": "of nobody"}
