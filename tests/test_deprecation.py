"""What is deprecated warns whoever uses it, and goes when it was said to go."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

from limner.deprecation import REMOVED_IN, deprecated, sentence
from limner.version import __version__


def test_the_warning_names_both_and_blames_the_caller() -> None:
    def old() -> None:
        deprecated("old()", "new()")

    with pytest.warns(DeprecationWarning, match=r"old\(\) is deprecated and goes with \d\.\d+; use new\(\)") as caught:
        old()
    assert caught[0].filename == __file__
    assert str(caught[0].message) == sentence("old()", "new()")


def test_python_shows_it_in_a_script_of_the_users_own() -> None:
    run = subprocess.run([sys.executable, "-c", "import limner.pipeline"], capture_output=True, text=True, check=True)
    assert "DeprecationWarning: limner.pipeline is deprecated" in run.stderr
    assert "use limner.processing.pipeline" in run.stderr


def test_nothing_stays_longer_than_was_said() -> None:
    """Fails at the release in which what is deprecated goes: delete that, or move REMOVED_IN on for what is newer."""
    assert tuple(map(int, __version__.split(".")[:2])) < tuple(map(int, REMOVED_IN.split(".")))


def test_no_warning_where_nothing_is_deprecated() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        import limner.processing.pipeline  # noqa: F401
