"""Remake the pictures and numbers in docs/tutorial.ipynb: runs it from a clean kernel and keeps what the cells show."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from limner.whole_file import whole_file

NOTEBOOK = Path(__file__).resolve().parents[1] / "docs/tutorial.ipynb"
PATIENCE = 900
"""Seconds that a cell may take on a machine that does much else besides."""


def executed(path: Path) -> NotebookNode:
    """The notebook, run from its first cell to its last in a kernel of its own, with what they show.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=PATIENCE, kernel_name="python3", resources={"metadata": {"path": "/"}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when it ran is not what anybody reads
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def main() -> None:
    notebook = executed(NOTEBOOK)
    with whole_file(NOTEBOOK) as file:
        file.write((nbformat.writes(notebook) + "\n").encode())
    print(f"{NOTEBOOK.name}: {NOTEBOOK.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
