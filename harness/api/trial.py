"""One trial of a run: its settings, curves and images, and its generator as a Keras model."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from PIL import Image

from harness.api.display import line
from harness.api.keywords import checked
from harness.config.plugins import recall
from harness.core.errors import HarnessError, shown
from harness.core.grids import GRID, spaced
from harness.core.quiet import without_log
from harness.runs.plan import PlanRecord
from harness.runs.trial import Trial as Record

if TYPE_CHECKING:
    from harness.gan.generator_model import Generator


class Trial:
    """One training: a cell with a seed."""

    def __init__(
        self, cell: str, seed: int, folder: Path, curves: pd.DataFrame, plan: PlanRecord
    ) -> None:
        self.cell, self.seed = cell, seed
        self._plan = plan
        self.curves = curves  # as `Run.curves`
        self._record = Record(folder)

    @property
    def key(self) -> str:
        """Its identity, which names its folder in runs/trials."""
        return self._record.key

    @property
    def status(self) -> str:
        """How it stands: finished, diverged, crashed, pruned, damaged, begun or missing."""
        return str(self._record.status())

    @property
    def config(self) -> dict[str, Any]:
        """Every hyper-parameter by its dotted name; empty before it has begun."""
        return self._record.knobs()

    @property
    def samples(self) -> list[Path]:
        """Its sample grids, PNG files, one an evaluation in the order of training."""
        return self._record.samples()

    @checked
    def grid(self, number: int = -1) -> Image.Image:
        """One of `samples` as an image, by default the last: 6 × 6 images from fixed latents.

        With a white gutter, which the files do not have.
        """
        if isinstance(number, bool) or not hasattr(number, "__index__"):
            raise HarnessError(f"grid(number): a whole number (given: {shown(number)})")
        try:
            path = self.samples[number]
        except IndexError:
            raise HarnessError(
                f"{self.cell} seed {self.seed}: there is no sample grid {number} of "
                f"{len(self.samples)}"
            ) from None
        with Image.open(path) as image:
            return spaced(image, GRID).convert("RGB")

    def generator(self) -> "Generator":
        """The generator as a `keras.Model`, with the averaged weights of its last evaluation.

        `generator(latents)`: latents (n, noise size) float32 → images (n, H, W, C) float32 in
        [0, 1]; a class-conditional one takes [latents, labels (n,) int32]. `generator.latents(n)`
        draws what it takes. An error where the trial has not ended, translates images, or was
        trained with plug-ins that have changed since.
        """
        if self._record.result() is None:
            raise HarnessError(
                f"{self.cell} seed {self.seed}: {self.status}, so it has no generator yet; "
                "plan.run() or harness run trains it"
            )
        with without_log():
            from harness.gan.generator_model import Generator

        if self._plan.plugins:  # its configuration may name what they give
            modules = self._plan.plugins.modules
            recall(self._plan.run_name, ((module.file, module.digest) for module in modules))
        return Generator(self._record.config(), self._record.folder / "generators")

    def __repr__(self) -> str:
        return line("Trial", f"{self.cell} seed {self.seed}", [self.status, self.key])
