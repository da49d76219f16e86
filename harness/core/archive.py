"""Archives of arrays by name, `.npz`, with plain numbers among them: the form of a checkpoint."""

import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from harness.core.errors import Damaged

NUMBER = "number/"  # precedes the name of a plain number


def read_archive(path: Path, *names: str) -> dict[str, np.ndarray]:
    """The arrays of `names`, or all, with their check sums tested.

    Raises Damaged, and FileNotFoundError where there is no file.
    """
    try:
        with path.open("rb") as file, np.load(file) as stored:
            return {name: stored[name] for name in names or stored.files}
    except FileNotFoundError:
        raise
    # whatever a damaged archive, header or array makes zipfile and NumPy raise
    except (OSError, ValueError, LookupError, EOFError, BadZipFile, NotImplementedError) as error:
        raise Damaged(path, f"no whole archive of arrays ({error})") from None
    except (SyntaxError, TypeError, AttributeError, zlib.error) as error:
        raise Damaged(path, f"no whole archive of arrays ({type(error).__name__})") from None
