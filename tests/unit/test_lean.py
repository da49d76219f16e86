"""Packages that a library would load along stay out, and are there again afterwards."""

import importlib
import sys

import pytest

from harness.core.lean import without

LIBRARY = """
try:
    import along
except ImportError:
    along = None
"""


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Import a library anew that loads `along` if it can."""
    (tmp_path / "along.py").write_text("")
    (tmp_path / "library.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "along", raising=False)

    def load():
        sys.modules.pop("library", None)
        return importlib.import_module("library")

    yield load
    sys.modules.pop("library", None)
    sys.modules.pop("along", None)


def test_what_a_library_can_do_without_is_not_loaded(library):
    with without("along"):
        assert library().along is None
    assert "along" not in sys.modules
    assert library().along is sys.modules["along"]


def test_what_is_loaded_already_stays(library):
    loaded = library().along
    with without("along"):
        assert library().along is loaded
    assert sys.modules["along"] is loaded


def test_an_error_hides_nothing_for_good(library):
    with pytest.raises(ZeroDivisionError), without("along"):
        raise ZeroDivisionError
    assert library().along is not None
