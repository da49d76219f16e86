"""Images of a trained generator, for other tools."""

from pathlib import Path
from typing import Any

import numpy as np

from harness.config.catalog import dataset
from harness.config.trial import TrialConfig
from harness.core.errors import HarnessError
from harness.core.files import write_atomically
from harness.gan import models
from harness.gan.data import load_images
from harness.gan.grid import montage, png, side_by_side
from harness.gan.labels.condition import Condition, build_condition, sampled_inputs
from harness.gan.labels.labelled import apart
from harness.gan.models.network import GENERATION
from harness.gan.pixels import from_bytes, to_bytes
from harness.gan.train import checkpoint
from harness.gan.train.ensemble import Mixture, sampling
from harness.gan.train.state import translation

_BATCH = 128


def write_samples(
    config: TrialConfig, generators: Path, count: int, target: Path, *, cache: Path
) -> Path:
    """Write `count` images of the last kept EMA generator: a folder of PNG files, or a .npz.

    A translation is given the sources of the first validation images, which are shown to the left
    of what is made of them, or stand in the .npz as `sources`.
    """
    network, given = load_generator(config, generators)
    arrays: dict[str, Any]
    if config.translation.source:
        arrays = _translate(config, network, count, cache)
        shown = [montage(pair, 2) for pair in side_by_side(arrays["sources"], arrays["images"])]
    else:
        arrays = {"images": _sample(config, network, given, count)}
        shown = list(arrays["images"])
    if target.suffix == ".npz":
        write_atomically(target, lambda file: np.savez(file, **arrays))
        return target
    target.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(shown):
        write_atomically(target / f"{number:05d}.png", png(image))
    return target


def load_generator(config: TrialConfig, generators: Path) -> tuple[Mixture, Condition | None]:
    """The last kept EMA generator of a trial, and the classes of its images."""
    kept = sorted(generators.glob("*.npz"))
    if not kept:
        raise HarnessError(f"{generators}: no generator is kept (harness clean removes them)")
    channels = dataset(config.data.name).channels
    members = range(config.training.members)
    network = Mixture([models.generator(config, channels) for _ in members])
    given = build_condition(config.labels)
    # the average goes by its network's own names
    checkpoint.load(kept[-1], sampling(network, given))
    return network, given


def _translate(
    config: TrialConfig, network: Mixture, count: int, cache: Path
) -> dict[str, np.ndarray]:
    """Translations of the first validation images, (count, H, W, C) uint8, and their sources."""
    real = load_images(config.data, cache).validation[:count]
    if len(real) < count:
        raise HarnessError(
            f"--count {count}: a translation starts from validation images, of which "
            f"{config.data.name} has {len(real)}"
        )
    translate, pixels = translation(config), config.training.pixel_range
    assert translate is not None
    sources, made = [], []
    for start in range(0, count, _BATCH):
        source = translate(from_bytes(np.asarray(real[start : start + _BATCH]), pixels))
        sources.append(source.numpy())
        made.append(network(source, GENERATION).numpy())
    arrays = {"images": made, "sources": sources}
    return {name: to_bytes(np.concatenate(parts), pixels) for name, parts in arrays.items()}


def _sample(
    config: TrialConfig, network: Mixture, given: Condition | None, count: int
) -> np.ndarray:
    """(count, H, W, C) uint8, a function of the trial's seed."""
    made = []
    for number in range(-(-count // _BATCH)):
        # whole batches, each from its own stream: fewer images are the first of more
        inputs = sampled_inputs(config.generator, given, _BATCH, config.seed, "export", number)
        latents, labels = apart(inputs)
        made.append(network(latents, GENERATION._replace(labels=labels)).numpy())
    return to_bytes(np.concatenate(made)[:count], config.training.pixel_range)
