"""Where the time of a program goes, by kind of operation, from TensorFlow's own profiler."""

import re
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

# "<name in the graph>:<operation>"; oneDNN's kernels have a prefix
_EVENT = re.compile(r"^[^:]+:(?:_Mkl(?:Native|Fused|NativeFused)?)?(\w+)$")
_ENTER = ("While", "StatefulPartitionedCall", "PartitionedCall")  # contain the others


def by_operation(action: Callable[[], object]) -> dict[str, float]:
    """Seconds of each kind of operation while `action` runs, summed over threads."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        tf.profiler.experimental.start(folder)
        action()
        tf.profiler.experimental.stop()
        [file] = Path(folder).glob("plugins/profile/*/*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(file.read_bytes())
    seconds: Counter[str] = Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                if (found := _EVENT.search(name)) and found[1] not in _ENTER:
                    seconds[found[1]] += event.duration_ps / 1e12
    return dict(seconds.most_common())
