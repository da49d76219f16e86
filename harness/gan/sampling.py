"""Images of a trained generator, for other tools."""

from pathlib import Path

import numpy as np

from harness.catalog import dataset
from harness.config.trial import TrialConfig
from harness.errors import HarnessError
from harness.files import write_atomically
from harness.gan import models
from harness.gan.grid import png
from harness.gan.labels.condition import condition, sampled_inputs
from harness.gan.labels.labelled import apart
from harness.gan.models.network import GENERATION
from harness.gan.pixels import to_bytes
from harness.gan.train import checkpoint
from harness.gan.train.ensemble import Mixture, sampling

_BATCH = 128


def write_samples(config: TrialConfig, generators: Path, count: int, target: Path) -> Path:
    """Write `count` images of the last kept EMA generator: a folder of PNG files, or a .npz."""
    if config.translation.source:
        raise HarnessError(
            "this trial translates images, so it makes none of its own; the grids in its folder "
            "show translations of validation images"
        )
    kept = sorted(generators.glob("*.npz"))
    if not kept:
        raise HarnessError(f"{generators}: no generator is kept (harness clean removes them)")
    images = _sample(config, kept[-1], count)
    if target.suffix == ".npz":
        write_atomically(target, lambda file: np.savez(file, images=images))
        return target
    target.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        write_atomically(target / f"{number:05d}.png", png(image))
    return target


def _sample(config: TrialConfig, path: Path, count: int) -> np.ndarray:
    """(count, H, W, C) uint8, a function of the trial's seed."""
    channels = dataset(config.data.name).channels
    members = range(config.training.members)
    network = Mixture([models.generator(config, channels) for _ in members])
    given = condition(config.labels)
    # the average goes by its network's own names
    checkpoint.load(path, sampling(network, given))
    made = []
    for number in range(-(-count // _BATCH)):
        # whole batches, each from its own stream: fewer images are the first of more
        inputs = sampled_inputs(config.generator, given, _BATCH, config.seed, "export", number)
        latents, labels = apart(inputs)
        made.append(network(latents, GENERATION._replace(labels=labels)).numpy())
    return to_bytes(np.concatenate(made)[:count], config.training.pixel_range)
