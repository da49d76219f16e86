"""A report as one file, to be sent around."""

import zipfile
from pathlib import Path
from typing import BinaryIO

from harness.core.files import alone, write_atomically
from harness.report.page import OURS

_MODE = 0o100644 << 16  # a plain file that its owner may write and everybody read


def pack(page: Path) -> Path:
    """Write reports/<name>.zip, all that was rendered with a page, in one folder; its path.

    The same report gives the same bytes. What others keep in the folder is left out, as is its
    published record.
    """
    folder = page.parent
    with alone(folder):  # while it is read, nobody renders it again
        files = [path for path in folder.rglob("*") if path.is_file()]
        ours = [path for path in files if path.relative_to(folder).parts[0] in OURS]
        names = {path.relative_to(folder.parent).as_posix(): path for path in ours}

        def write(file: BinaryIO) -> None:
            with zipfile.ZipFile(file, "w") as archive:
                for name in sorted(names):
                    entry = zipfile.ZipInfo(name)  # without the time of day
                    entry.external_attr = _MODE
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(entry, names[name].read_bytes())

        target = folder.with_name(f"{folder.name}.zip")
        write_atomically(target, write)
    return target
