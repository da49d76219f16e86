"""How TensorFlow uses this machine: set once a process, before anything else touches it."""

import os

import keras
import tensorflow as tf
from tensorflow.python.util import _pywrap_util_port  # nothing public tells

KERNELS = 2  # raised when the same formulas are computed in another order


def configure(threads: int, xla: bool | None = None) -> dict[str, object]:
    """Set threads and memory growth; return the arithmetic that results.

    XLA compiles where it pays: on a GPU, unless `xla` says otherwise. The arithmetic changes
    rounding, so bits, but not what is trained: it is recorded, and never part of a trial's key.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    return {
        "threads": threads,
        "xla": bool(gpus) if xla is None else xla,
        "kernels": KERNELS,
        "onednn": bool(_pywrap_util_port.IsMklEnabled()),
        "device": _name(gpus),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


def on_gpu() -> bool:
    """Whether trainings run on a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def _name(gpus: list[object]) -> str:
    if not gpus:
        return "CPU"
    details = tf.config.experimental.get_device_details(gpus[0])
    return str(details.get("device_name", "GPU"))


def explain() -> str:
    """Which devices TensorFlow sees or, where it sees no GPU, why."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return f"TensorFlow {tf.__version__} sees {len(gpus)} GPU(s): {_name(gpus)}"
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return f"TensorFlow {tf.__version__} runs on the CPU: CUDA_VISIBLE_DEVICES hides the GPUs"
    if not tf.test.is_built_with_cuda():
        return f"TensorFlow {tf.__version__} runs on the CPU: it is built without CUDA"
    return f"TensorFlow {tf.__version__} runs on the CPU: it finds no GPU with its CUDA libraries"
