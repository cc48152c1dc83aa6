"""The `limner` command: a table of commands, each loaded only when it is the one that runs."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from limner.cli.flags import told
from limner.cli.old_options import translated
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
    "image": ("limner.cli.image", "Blur, replace, recolour or cut out the background of photos."),
    "video": ("limner.cli.video", "The same for video files; sound, subtitles and timing are kept."),
    "camera": ("limner.cli.camera", "The same live: a camera in a window, in a recording, in a virtual camera."),
    "models": ("limner.cli.models", "List the models, or show one with its card."),
    "inspect": ("limner.cli.inspect", "Inputs, outputs, operators and cost of any model file; drafts its card."),
    "data": ("limner.cli.data", "Import and prepare training data; draw it as the augmentation changes it."),
    "nets": ("limner.cli.nets", "List the nets that can be trained: parameters, cost, receptive field, paper."),
    "train": ("limner.cli.train", "Train a net from a recipe."),
    "average": (
        "limner.cli.average",
        "Average the weights of several runs that started from the same weights: a model soup.",
    ),
    "prune": ("limner.cli.prune", "Take channels out of a trained net, fine-tune it, export what is left."),
    "quantize": (
        "limner.cli.quantize",
        "Fine-tune a net for 8 bits (quantization-aware training), and export its int8 files.",
    ),
    "eval": ("limner.cli.eval", "Measure a model on labelled photos."),
    "export": ("limner.cli.export", "Turn a trained net into model files for many runtimes, each with its card."),
    "bench": ("limner.cli.bench", "How long models take on this machine: by stage, by runtime, by operator."),
    "doctor": ("limner.cli.doctor", "What is installed, what really runs, how fast, and what would be faster."),
    "toolchains": (
        "limner.cli.toolchains",
        "The environments that export makes for its converters: list, make, remove.",
    ),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point: runs one command; errors a user can cause are one line on stderr and exit code 2."""
    for ends in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ends) != signal.SIG_IGN:  # as under nohup
            signal.signal(ends, lambda number, _: sys.exit(128 + number))
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
        code = app(args=args, prog_name=prog, standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except LimnerError as error:
        print(f"limner: {told(error)}", file=sys.stderr)
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort):
        print("limner: interrupted; nothing half-written was kept", file=sys.stderr)
        sys.exit(130)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except BrokenPipeError:
        sys.exit(141)
    except OSError:
        if (fault := _stdout_fault()) is None:  # a bug: let the traceback be seen
            raise
        print(f"limner: stdout: cannot be written: {fault}; free some space", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        if not hasattr(error, "show"):  # a bug: let the traceback be seen
            raise
        error.show()  # a usage error, as the option parser words it
        sys.exit(2)


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
        app.command(name=name, help=text)(lambda: None)
    return app


if __name__ == "__main__":
    main()
