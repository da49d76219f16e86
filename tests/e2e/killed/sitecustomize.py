"""Found by an interpreter that has this folder on its path: it dies at a chosen file operation.

HARNESS_KILL_AT: the number of the operation, in this process, that is not done any more (0: none).
HARNESS_KILL_IN: `worker` or `driver`, the process that counts; a worker takes its driver along.
HARNESS_KILL_ROOT: only what is written below this folder counts.
HARNESS_KILL_LOG: the file that is told every operation.
"""

# ruff: noqa: PTH100, PTH115, PTH118
import builtins
import io
import os
import signal
import sys

AT = int(os.environ.get("HARNESS_KILL_AT", "-1"))
ROOT = os.environ.get("HARNESS_KILL_ROOT", "")
LOG = os.environ.get("HARNESS_KILL_LOG", "")
count = 0
real_open, real_os_open, real_write = io.open, os.open, os.write


def step(name, path):
    global count
    if isinstance(path, int):
        try:
            path = os.readlink(f"/proc/self/fd/{path}")
        except OSError:
            return
    path = os.path.abspath(os.fsdecode(path))
    if not path.startswith(ROOT) or "/cache/" in path or "/wandb/" in path:
        return
    count += 1
    if LOG:
        file = real_os_open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        real_write(file, f"{count} {name} {path[len(ROOT) :]}\n".encode())
        os.close(file)
    if count == AT:
        if os.environ["HARNESS_KILL_IN"] == "worker":
            os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


def watched(name, real):
    def call(*arguments, **options):
        folder = options.get("dir_fd") or options.get("src_dir_fd")
        path = arguments[0]
        if folder is not None:
            path = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), os.fsdecode(path))
        step(name, path)
        return real(*arguments, **options)

    return call


def opened(path, mode="r", *arguments, **options):
    if set(mode) & set("wax+") and not isinstance(path, int):
        step(f"open {mode}", path)
    return real_open(path, mode, *arguments, **options)


def os_opened(path, flags, *arguments, **options):
    if flags & (os.O_WRONLY | os.O_RDWR) and options.get("dir_fd") is None:
        step("open", path)
    return real_os_open(path, flags, *arguments, **options)


def kind():
    words = sys.orig_argv
    if "harness" not in words:
        return ""
    return "worker" if "work" in words else "driver"


if AT >= 0 and kind() == os.environ.get("HARNESS_KILL_IN"):
    for each in ("replace", "rename", "unlink", "remove", "rmdir", "mkdir", "fsync", "link"):
        setattr(os, each, watched(each, getattr(os, each)))
    io.open = builtins.open = opened
    os.open = os_opened
