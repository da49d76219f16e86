"""How many workers a machine carries, and the environment that gives each its share of it."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

GIGABYTES_A_WORKER = 2  # TensorFlow, a data set of a few hundred megabytes and a small GAN


class WorkerEnv(NamedTuple):
    """Threads and device of one worker."""

    device: str  # for people: "GPU 0", "1 core", "4 cores"
    threads: int  # of TensorFlow; it is part of the recorded arithmetic
    env: dict[str, str]  # to be added to the worker's environment


class Machine(NamedTuple):
    """The cores and GPUs of a machine."""

    gpus: list[str]  # their CUDA names
    cores: int
    gigabytes: float

    @classmethod
    def here(cls) -> "Machine":
        """This machine, as far as this process may use it."""
        return cls(visible_gpus(os.environ), usable_cores(), usable_gigabytes())


def plan_workers(
    workers: int | None, machine: Machine | None = None, threads: int | None = None
) -> list[WorkerEnv]:
    """One worker a GPU, else one single-thread worker a core; `workers` overrides the number.

    Fewer workers than cores, if asked for, share all cores; more than GPUs share the GPUs.
    `threads` holds each worker to what a run began with, so that bits can repeat.
    """
    gpus, cores, gigabytes = machine or Machine.here()
    if gpus:
        count = workers or len(gpus)
        threads = threads or max(1, cores // count)
        return [_on_gpu(gpus[i % len(gpus)], threads) for i in range(count)]
    most = max(1, min(cores // (threads or 1), int(gigabytes // GIGABYTES_A_WORKER)))
    count = workers or most
    threads = threads or (max(1, cores // count) if workers else 1)
    label = "1 core" if threads == 1 else f"{threads} cores"
    return [WorkerEnv(label, threads, _threads(threads)) for _ in range(count)]


def one_worker(threads: int) -> dict[str, str]:
    """The environment of a worker whose device somebody else chooses."""
    return {"TF_FORCE_GPU_ALLOW_GROWTH": "true", **_threads(threads)}


def visible_gpus(environment: Mapping[str, str]) -> list[str]:
    """CUDA names of the GPUs that the driver lists and `CUDA_VISIBLE_DEVICES` leaves."""
    allowed = environment.get("CUDA_VISIBLE_DEVICES")
    try:
        answer = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):  # no driver, or one that does not answer
        return []
    present = [line for line in answer.stdout.splitlines() if line.startswith("GPU ")]
    if allowed is None:
        return [str(index) for index in range(len(present))]
    names = [name.strip() for name in allowed.split(",")]
    # CUDA itself ignores everything from the first invalid name on
    end = next((i for i, name in enumerate(names) if name in ("", "-1")), len(names))
    return names[:end] if present else []


def usable_cores() -> int:
    """Cores this process may run on, by affinity and by the container's quota."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quota, _, period = _cgroup("cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit():
        cores = min(cores, max(1, int(quota) // int(period)))
    return cores


def usable_gigabytes() -> float:
    """Memory of the machine or, where that is less, the container's limit."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _cgroup("memory.max")
    return (min(total, int(limit)) if limit.isdigit() else total) / 2**30


def _cgroup(name: str) -> str:
    try:
        return Path("/sys/fs/cgroup", name).read_text().strip()
    except OSError:
        return ""


def _on_gpu(gpu: str, threads: int) -> WorkerEnv:
    env = {
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # the order of nvidia-smi
        "CUDA_VISIBLE_DEVICES": gpu,
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # several workers may share a GPU
    }
    return WorkerEnv(f"GPU {gpu}", threads, {**env, **_threads(threads)})


def _threads(count: int) -> dict[str, str]:
    names = ("HARNESS_THREADS", "TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")
    return {**dict.fromkeys(names, str(count)), "TF_NUM_INTEROP_THREADS": "1"}
