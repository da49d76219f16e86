"""An ablation harness for GAN training tips: study in, ranking with its evidence out.

`import harness` loads nothing heavy: each name is loaded when it is first used (docs/library.md).
"""

import sys
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [  # of harness.api
    "HarnessError", "Plan", "Run", "Study", "Trial",
    "compare", "knobs", "list_runs", "open_run", "rank", "tips",
]  # fmt: skip

if sys.platform == "win32":  # no fcntl: the record's locks, which die with their process, need it
    sys.exit("harness: runs on Linux and macOS; on Windows, install it inside WSL 2")

if TYPE_CHECKING:
    from harness.api import *
else:

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name in __all__:
            return getattr(import_module("harness.api"), name)
        from harness.core.errors import unknown

        message = unknown("name", name, __all__) if not name.startswith("_") else f"no {name!r}"
        raise AttributeError(f"harness: {message}", name=name)

    def __dir__() -> list[str]:
        parts = [name for name in sys.modules if name.startswith(f"{__name__}.")]
        ours = {name.split(".")[1] for name in parts} & globals().keys()
        return [*ours, *(name for name in globals() if name.startswith("__")), *__all__]
