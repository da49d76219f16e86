"""Private text that reports leave out: folders of a machine, and credentials."""

import re
from pathlib import PurePath
from typing import Any


def place(path: Any) -> str:
    """A path by its last part only."""
    text = str(path)
    return PurePath(text).name if "/" in text else text


def shareable(value: Any) -> Any:
    """The value of a knob; of an absolute path, which is a machine's, only the last part."""
    return place(value) if isinstance(value, str) and PurePath(value).is_absolute() else value


def redact(text: str) -> str:
    """Take credentials and folders out of text that others wrote (error messages, addresses)."""
    text = re.sub(r"""(['"])/[^'"\n]*/([^'"\n/]*)\1""", r"\1…/\2\1", text)  # it may hold spaces
    text = re.sub(r"(?<![\w…/:.~-])~?/(?:[^\s/'\":]+/)+", "…/", text)
    text = re.sub(r"://[^/\s@]+@", "://…@", text)
    secret = r"(?i)\b([\w-]*(?:api[_-]?key|token|secret|password|passwd)[\w-]*)(\s*[=:]\s*)\S+"
    return re.sub(secret, r"\1\2…", text)
