"""A compiled training that one trial after another may use, and a small store of them."""

import gc
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from harness.config.catalog import dataset
from harness.config.patch import flatten
from harness.config.plugins import used
from harness.config.trial import TrialConfig
from harness.gan.graph_cache import GraphCache, direct
from harness.gan.labels.labelled import MaybeLabelled, apart, together
from harness.gan.models.network import GENERATION
from harness.gan.numbers import structure
from harness.gan.pixels import from_bytes
from harness.gan.train.ensemble import Ensemble, Mixture
from harness.gan.train.loop import Loop
from harness.gan.train.pulls import measure_pulls

Make = Callable[[MaybeLabelled], tf.Tensor]  # latents or sources → images, as they are generated
STORED = 16  # programs kept at most; each holds some 30 MB besides its weights
DROPPED = 4  # of them at a time, since a search for cycles takes as long as a quarter of a trace


class Program:
    """Networks, the compiled loop and the compiled EMA generator of one structure."""

    def __init__(
        self,
        config: TrialConfig,
        channels: int,
        xla: bool = False,
        graphs: GraphCache | None = None,
    ) -> None:
        """`graphs`: where compiled functions are loaded from, instead of tracing them."""
        self.gan = Ensemble(config, channels, static=xla)
        keep = graphs.keeping(structure(flatten(config)), self._variables) if graphs else direct
        self.loop = Loop(self.gan, channels, xla, keep)
        self.speed = 0.0  # iterations a second in the last call; 0: not known yet
        labelled = self.gan.condition is not None
        self.generate: Make = keep("generator", compiled_generator(self.gan.average, labelled, xla))
        # the same of each member by itself; traced only where it is asked for
        self.alone: list[Make] = [
            keep(f"member {number}", compiled_generator(Mixture([gan.average]), labelled, xla))
            for number, gan in enumerate(self.gan.members)
        ]
        measured = self._measured(channels, xla)
        self._trace = measured.get_concrete_function
        self._pulls = keep("pulls", measured)
        self.measures = False  # whether pulls have been measured, and so compiled

    def pulls(self, real: MaybeLabelled, iteration: int) -> dict[str, float]:
        """The pull of each penalty after an iteration, on the batch of its last update.

        `real` (N, H, W, C) uint8; of several members the first. Nothing where there is no penalty,
        and then nothing is compiled either.
        """
        first, *others = self.gan.members
        if not any(first.terms.values()):
            return {}
        self.measures = True
        turn = tf.constant(iteration // (1 + len(others)), tf.int32)
        return {name: float(value) for name, value in self._pulls(real, turn).items()}

    def trace(self) -> None:
        """Trace the networks, losses and penalties of an update, without images; nothing runs.

        What a plug-in does wrong, it does here.
        """
        self._trace()

    def _variables(self) -> dict[str, Any]:
        """Everything that compiled functions read and write, by a stable name."""
        return {**self.gan.variables(), **self.gan.inputs(), **self.loop.variables()}

    def _measured(self, channels: int, xla: bool) -> Any:
        config = self.gan.config
        size, count = config.data.image_size, config.pass_images
        return tf.function(
            partial(measure_pulls, self.gan.members[0]),
            input_signature=(
                together(
                    tf.TensorSpec((count, size, size, channels), tf.uint8),
                    tf.TensorSpec((count,), tf.int32) if config.labels.of_images else None,
                ),
                tf.TensorSpec((), tf.int32),
            ),
            jit_compile=xla,
            autograph=False,
        )

    def sources(self, real: np.ndarray) -> tf.Tensor:
        """The sources of a translation of real images (N, H, W, C) uint8."""
        (first, *_) = self.gan.members
        assert first.translate is not None
        return first.translate(from_bytes(real, first.config.training.pixel_range))

    def reset(self, config: TrialConfig, labels: NDArray[np.int64] | None = None) -> None:
        """Be as before the first iteration of `config`, whose structure is this program's.

        `labels` are those of the training images, where they are used.
        """
        self.gan.reset(config, labels)
        self.loop.reset()

    def run(self, images: MaybeLabelled, indices: np.ndarray, first: int) -> int:
        """Run iterations (`Loop.run`) and note their speed."""
        compiled = self.speed > 0
        start = time.perf_counter()
        done = self.loop.run(images, indices, first)
        # a call that traces and compiles says nothing about speed, but that there is some
        self.speed = done / (time.perf_counter() - start) if compiled else 1.0
        return done


def compiled_generator(average: Mixture, labelled: bool, xla: bool = False) -> Make:
    """The compiled generator for use outside training; `labelled`: its inputs have classes."""

    def generated(given: MaybeLabelled) -> tf.Tensor:
        inputs, labels = apart(given)
        return average(inputs, GENERATION._replace(labels=labels))

    compiled: Make = tf.function(
        generated,
        input_signature=(
            together(
                tf.TensorSpec((None, *average.input_shape), tf.float32),
                tf.TensorSpec((None,), tf.int32) if labelled else None,
            ),
        ),
        jit_compile=xla,
        autograph=False,
    )
    return compiled


class Programs:
    """The programs of a worker, the least recently used ones dropped first."""

    def __init__(self, xla: bool = False, graphs: GraphCache | None = None) -> None:
        self.compiled = 0  # programs built so far; TensorFlow never gives back all of one
        self.graphs = graphs
        self._xla = xla
        self._kept: OrderedDict[str, Program] = OrderedDict()

    def get(self, config: TrialConfig) -> Program:
        """The program that trains `config`; it is built if it must be."""
        name = structure(flatten(config))
        if name not in self._kept:
            # a digest of a plug-in does not tell what else it reads
            graphs = None if any(used(config)) else self.graphs
            channels = dataset(config.data.name).channels
            self._kept[name] = Program(config, channels, self._xla, graphs)
            self.compiled += 1
            if len(self._kept) > STORED:
                for _ in range(DROPPED):
                    self._kept.popitem(last=False)
                gc.collect()  # networks and graphs refer to each other
        self._kept.move_to_end(name)
        return self._kept[name]

    def __contains__(self, name: str) -> bool:
        """Whether the program of structure `name` is kept."""
        return name in self._kept
