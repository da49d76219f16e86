"""One training from start (or checkpoint) to end, as a stream of events.

The session trains and scores; its listener writes the record, W&B and the live view.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from harness.config.trial import TrialConfig
from harness.core.errors import HarnessError
from harness.core.grids import SIDE, WAY, side_by_side
from harness.gan import devices
from harness.gan.data import Images
from harness.gan.data.store import let_go
from harness.gan.evaluate import BATCH, Evaluator, batches_of
from harness.gan.labels.condition import in_rows, sampled_inputs
from harness.gan.labels.labelled import Labelled, MaybeLabelled, gathered, together
from harness.gan.latents import interpolate
from harness.gan.nearest_images import Nearest
from harness.gan.pixels import to_bytes
from harness.gan.train import checkpoint
from harness.gan.train.batches import Batches
from harness.gan.train.ensemble import sampling
from harness.gan.train.events import Diverged, Event, Moved, Row, Scores
from harness.gan.train.program import Make, Program

ROWS = 100  # training rows in a whole trial, besides those at evaluations
CALL_SECONDS = 1.0  # how long one call of the compiled loop should take
GRID = SIDE * SIDE  # images of a sample grid
LEGS, STEPS = 3, WAY.columns  # of an interpolation


class Session:
    """The state of one training and its way through the budget.

    `program` has the structure of `config`; the session resets it, and no other may use it.
    """

    def __init__(
        self,
        config: TrialConfig,
        images: Images,
        evaluator: Evaluator,
        program: Program,
        *,
        further: Sequence[Evaluator] = (),
    ) -> None:
        """`further`: metrics by which it is scored, too, at the same evaluations."""
        self.config = config
        self.evaluator, self.further = evaluator, further
        self.program = program
        labels = _labels(config, images)
        program.reset(config, labels)
        self.gan, self.loop = program.gan, program.loop
        self.batches = Batches(
            images.train,
            config.training.batch_size,
            config.seed,
            resident=devices.on_gpu(),
            labels=labels,
        )
        self.iteration = 0
        self.seconds = 0.0  # of training, without the one call that compiles
        self.evaluation_seconds = 0.0
        self._restored = False
        self._row_start = (0, 0.0)  # iteration and seconds at the last row
        self._evaluations = {at: n for n, at in enumerate(config.evaluation_iterations)}
        self._interval = max(1, config.iterations // ROWS)

    def events(self, stop: Callable[[], bool]) -> Iterator[Event]:
        """Train until the budget is used up, the training diverges, or `stop` says so."""
        if not self._restored:
            yield Moved("evaluating")
            yield from self._score()
        yield Moved("training" if self.program.speed else "compiling")
        while self.iteration < self.config.iterations and not stop():
            self._advance()
            if self.loop.diverged:
                yield self._row({})
                yield Diverged(
                    f"a loss or a weight is not finite after {self.iteration} iterations"
                )
                return
            due = self.iteration in self._evaluations
            if due or self.iteration % self._interval == 0:
                yield self._row(self._pulls() if due else {})
            if due:
                yield Moved("evaluating")
                yield from self._score()
            yield Moved("training")

    @property
    def kimg(self) -> float:
        """Real images shown to the discriminator so far, in thousands."""
        return self.iteration * self.config.iteration_images / 1000

    @property
    def images_per_second(self) -> float:
        """Training speed of the program's last call; 0 before it is known."""
        return self.program.speed * self.config.iteration_images

    def generate(self, inputs: MaybeLabelled) -> np.ndarray:
        """EMA generator: latents (n, noise_size), of classes or not → images (n, H, W, C) uint8."""
        return self._bytes(self.program.generate(inputs))

    def _bytes(self, images: tf.Tensor) -> np.ndarray:
        return to_bytes(images.numpy(), self.config.training.pixel_range)

    def grid(self) -> np.ndarray:
        """Samples from inputs that are the same in every trial: (GRID, H, W, C) uint8.

        Of a translation each is to the right of its source.
        """
        if self.config.translation.source:
            sources = self.program.sources(self.evaluator.reference(0, GRID // 2))
            made = self.generate(sources)
            return side_by_side(self._bytes(sources), made).reshape(GRID, *made.shape[1:])
        inputs = self._inputs(GRID, 0, "samples")
        if isinstance(inputs, Labelled):
            inputs = inputs._replace(labels=in_rows(self.config.labels.values, SIDE))
        return self.generate(inputs)

    def interpolation(self) -> np.ndarray | None:
        """Latent interpolation: (LEGS * STEPS, H, W, C) uint8, a row from one sample to the next.

        None of a translation, which has no latents.
        """
        if self.config.translation.source:
            return None
        latents = interpolate(self.config.generator, LEGS, STEPS, 0, "samples")
        values = self.config.labels.values
        labels = np.repeat(np.arange(LEGS) % values, STEPS).astype(np.int32) if values else None
        return self.generate(together(latents, labels))

    def nearest(self) -> Nearest:
        """The images of the grid next to their nearest training images, and how near images are."""
        grid, count = self.grid(), self.evaluator.checked
        if self.config.translation.source:
            reals = (self.evaluator.reference(at, BATCH) for at in range(0, count, BATCH))
            made = (self.generate(self.program.sources(real)) for real in reals)
            return self.evaluator.nearest(grid[1::2], made)
        last = len(self._evaluations) - 1
        inputs = self._inputs(count, self.config.seed, "evaluation", last)
        return self.evaluator.nearest(grid, batches_of(self.generate, inputs, count))

    def _inputs(self, count: int, seed: int, *names: str | int) -> MaybeLabelled:
        return sampled_inputs(self.config.generator, self.gan.condition, count, seed, *names)

    @property
    def _sampling(self) -> checkpoint.Variables:
        return sampling(self.gan.average, self.gan.condition)

    def save(self, path: Path) -> None:
        """Write everything that the rest of the training depends on."""
        checkpoint.save(
            path,
            {**self.gan.variables(), **self.loop.variables()},
            iteration=self.iteration,
            seconds=self.seconds,
            evaluation_seconds=self.evaluation_seconds,
            row_iteration=self._row_start[0],
            row_seconds=self._row_start[1],
        )

    def restore(self, path: Path) -> None:
        """Continue from a checkpoint. Random streams and data order follow from the iteration."""
        numbers = checkpoint.load(path, {**self.gan.variables(), **self.loop.variables()})
        self.iteration = int(numbers["iteration"])
        self.seconds, self.evaluation_seconds = numbers["seconds"], numbers["evaluation_seconds"]
        self._row_start = (int(numbers["row_iteration"]), numbers["row_seconds"])
        self._restored = True

    def save_generator(self, path: Path) -> None:
        """Write the EMA generator alone."""
        checkpoint.save(path, self._sampling, iteration=self.iteration)

    def load_generator(self, path: Path) -> int:
        """Assign the EMA generator from `path`; the iteration that it was saved after."""
        self.iteration = int(checkpoint.load(path, self._sampling)["iteration"])
        return self.iteration

    def score_values(self, number: int, evaluator: Evaluator | None = None) -> dict[str, Any]:
        """Score the EMA generator as it is now, on the latents of evaluation `number`.

        By its own metric or, with `evaluator`, by another one.
        """
        start = time.perf_counter()
        scores = {"evaluation": number, **self._scores(number, evaluator or self.evaluator)}
        self.evaluation_seconds += time.perf_counter() - start
        return {**self._clock(), "evaluation_seconds": self.evaluation_seconds, **scores}

    def _scores(self, number: int, evaluator: Evaluator) -> dict[str, Any]:
        # of 2,048 features an FID takes a fifth of an evaluation's time, on a GPU most of it
        final = self.iteration in self.config.final_iterations
        scores = self._scored(number, evaluator, self.program.generate, final)
        if final and len(self.program.alone) > 1:
            # of the same inputs, so that all and each alone are a pair
            alone = self.program.alone
            kids = [self._scored(number, evaluator, one, False)["kid"] for one in alone]
            scores |= {"member_kids": kids, "member_kid": float(np.mean(kids))}
        return scores

    def _scored(
        self, number: int, evaluator: Evaluator, make: Make, with_fid: bool
    ) -> dict[str, Any]:
        if self.config.translation.source:
            return evaluator.score_translation(
                lambda real: self._bytes(make(self.program.sources(real))), with_fid
            )
        # the same for all cells, fresh for each evaluation
        stream = (self.config.seed, "evaluation", number)
        inputs = self._inputs(evaluator.count, *stream)
        if not self.iteration:
            return evaluator.score_untrained(lambda given: self._bytes(make(given)), inputs)
        return evaluator.score(lambda given: self._bytes(make(given)), inputs, with_fid)

    def _score(self) -> Iterator[Scores]:
        number = self._evaluations[self.iteration]
        let_go(self.batches.images)  # an evaluation is when a worker needs most memory
        for evaluator in self.further:
            yield Scores(self.score_values(number, evaluator), evaluator.identity)
        yield Scores(self.score_values(number))

    def _clock(self) -> dict[str, Any]:
        return {
            "iteration": self.iteration,
            "kimg": self.kimg,
            "generator_updates": self.iteration * self.config.training.generator_steps,
            "seconds": self.seconds,
        }

    def _pulls(self) -> dict[str, float]:
        """Pulls of penalties: at evaluations only, which take as long as many updates."""
        warm, start = self.program.measures, time.perf_counter()
        updates, last = self.config.training.discriminator_steps, self.iteration - 1
        images, indices = self.batches.call(last, 1, updates)
        chosen = indices[0, -1, : self.config.pass_images]
        pulls = self.program.pulls(gathered(images, chosen), last)
        # as in training: the first trial of a program would pay for the compiling of all
        self.evaluation_seconds += time.perf_counter() - start if warm else 0.0
        return pulls

    def _row(self, further: Mapping[str, float]) -> Row:
        means = {**self.loop.read(), **further}
        finite = {name: value if math.isfinite(value) else None for name, value in means.items()}
        iterations, seconds = self.iteration - self._row_start[0], self.seconds - self._row_start[1]
        self._row_start = (self.iteration, self.seconds)
        rate = iterations * self.config.iteration_images / seconds if seconds else 0.0
        return Row({**self._clock(), "images_per_second": rate, **finite})

    def _advance(self) -> None:
        """One call of the compiled loop, up to the next row or evaluation at the most."""
        updates = self.config.training.discriminator_steps
        images, indices = self.batches.call(self.iteration, self._call(updates), updates)
        warm, start = self.program.speed > 0, time.perf_counter()
        done = self.program.run(images, indices, self.iteration)
        self.iteration += done
        # the first trial of a program would pay for all others, and its cell look slow
        if warm:
            self.seconds += time.perf_counter() - start

    def _call(self, updates: int) -> int:
        """Iterations of the next call; their number changes how often Python runs, no result."""
        ahead = [at for at in self._evaluations if at > self.iteration]
        row = (self.iteration // self._interval + 1) * self._interval
        left = min(row, min(ahead), self.config.iterations) - self.iteration
        wanted = max(1, round(self.program.speed * CALL_SECONDS))
        return min(left, wanted, self.batches.most(updates))


def _labels(config: TrialConfig, images: Images) -> np.ndarray | None:
    """The labels of the training images, where they are used."""
    if not config.labels.of_images:
        return None
    if images.train_labels is None:
        raise HarnessError(
            f"labels.conditioning: the training images of {config.data.name} have no labels"
        )
    return images.train_labels
