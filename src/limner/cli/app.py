"""The `limner` command: a table of commands, each loaded only when it is the one that runs."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

from limner.cli.flags import told
from limner.cli.interruption import NOTHING_KEPT, heed_signals, interruption, unswallowed
from limner.cli.old_options import translated
from limner.cli.usage import refuse_empty, usage_line
from limner.errors import LimnerError
from limner.heap import keep_training_memory
from limner.version import __version__

_STYLE: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}

# command -> (module with a function `command` or a Typer `app`, one line for the overview)
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("limner.cli.demo", "Show what it does, on a sample photo and clip, with a page."),
    "image": ("limner.cli.image", "Blur, replace, recolour or cut out the background of photos."),
    "batch": ("limner.cli.batch", "Photos in any number, on all cores; resumes after a stop."),
    "video": ("limner.cli.video", "The same for videos; sound, subtitles and timing are kept."),
    "camera": ("limner.cli.camera", "The same live: in a window, a recording, a virtual camera."),
    "stream": ("limner.cli.stream", "The same for streams: RTSP, RTMP, HLS, WHIP, UDP, files."),
    "multistream": ("limner.cli.multistream", "Many sources at once, as a YAML file says."),
    "web": ("limner.cli.web", "The same in a browser: serve the page on this machine."),
    "serve": ("limner.cli.serve", "The same over HTTP, for other programs."),
    "models": ("limner.cli.models", "List the models, or show one with its card."),
    "inspect": ("limner.cli.inspect", "Show what a model file is made of, and draft its card."),
    "data": ("limner.cli.data", "Import, check and prepare training data; draw samples."),
    "nets": ("limner.cli.nets", "List the nets that can be trained, with cost and paper."),
    "train": ("limner.cli.train", "Train a net from a recipe."),
    "average": ("limner.cli.average", "Average the weights of several runs: a model soup."),
    "prune": ("limner.cli.prune", "Take channels out of a net, and fine-tune what is left."),
    "quantize": ("limner.cli.quantize", "Fine-tune a net for 8 bits, and export its int8 files."),
    "eval": ("limner.cli.eval", "Measure a model on labelled photos."),
    "export": ("limner.cli.export", "Turn a trained net into model files for many runtimes."),
    "bench": ("limner.cli.bench", "Time models: by stage, by runtime, by operator."),
    "doctor": ("limner.cli.doctor", "Show what is installed, what runs and what would be faster."),
    "toolchains": ("limner.cli.toolchains", "List, make or remove the environments of export."),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point: runs one command; errors a user can cause are one line on stderr and exit code 2."""
    try:
        _run(argv)
    except KeyboardInterrupt as error:  # it came while the command's end was told
        sys.exit(_told(error))


def _run(argv: Sequence[str] | None) -> None:
    args = list(sys.argv[1:] if argv is None else argv)
    if argv is None and args[:1] == ["train"]:  # this process is ours, and torch is yet to be imported
        keep_training_memory()
    if args and args[0] in COMMANDS:
        name = args.pop(0)
        args = translated(name, args, lambda text: print(f"limner: {text}", file=sys.stderr))
        app, prog = _load(name), f"limner {name}"
    else:
        app, prog = _overview(), "limner"
    try:
        heed_signals()
        refuse_empty(args)
        parser = get_command(app)
        # Not parser.main, which turns Ctrl-C into a mere exit code.
        with unswallowed(), parser.make_context(prog, list(args)) as context:
            parser.invoke(context)
        sys.exit(0)
    except LimnerError as error:
        _say(told(error))
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort) as error:
        sys.exit(_told(error))
    except typer.Exit as left:
        sys.exit(left.exit_code)
    except BrokenPipeError:
        sys.exit(141)
    except OSError:
        if (fault := _stdout_fault()) is None:  # a bug: let the traceback be seen
            raise
        _say(f"stdout: cannot be written: {fault}; free some space")
        sys.exit(2)
    except Exception as error:
        if not hasattr(error, "format_message"):  # a bug: let the traceback be seen
            raise
        if type(error).__name__.startswith("NoArgsIsHelp"):
            error.show()  # type: ignore[attr-defined]
        else:
            _say(usage_line(error, args, prog))
        sys.exit(2)


def _say(text: str) -> None:
    """A line on stderr, written at once: a signal that comes meanwhile must not find it without its end."""
    sys.stderr.write(f"limner: {text}\n")
    sys.stderr.flush()


def _told(error: BaseException) -> int:
    """Says in a line that the command was interrupted and what was kept; the exit code."""
    stop = interruption(error)
    if stop.kept is not None:
        _say(f"interrupted; {stop.kept or NOTHING_KEPT}")
    return stop.code


def _stdout_fault() -> str | None:
    """Why stdout takes nothing more, None where it does. Python then does not try once more, at its end, to write."""
    try:
        os.write(sys.stdout.fileno(), b"\n")  # flushing again says nothing: what could not be written is forgotten
    except OSError as error:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return error.strerror
    return None


def _load(name: str) -> typer.Typer:
    """The command's own Typer application: the module's ``app``, or one made from its function ``command``."""
    module = importlib.import_module(COMMANDS[name][0])
    app = getattr(module, "app", None)
    if isinstance(app, typer.Typer):
        return app
    app = typer.Typer(**_STYLE)
    app.command(name=name)(module.command)
    return app


def _overview() -> typer.Typer:
    """All commands by name and summary, none of them loaded: for help, the version and unknown commands."""
    app = typer.Typer(no_args_is_help=True, **_STYLE)

    @app.callback(invoke_without_command=True)
    def root(
        version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    ) -> None:
        """Find the person in every pixel of a photo or a video, and change the rest."""
        if version:
            print(f"limner {__version__}")
            raise typer.Exit

    for name, (_, text) in COMMANDS.items():
        app.command(name=name, help=text, short_help=text)(lambda: None)  # a short help is never cut
    return app


if __name__ == "__main__":
    main()
