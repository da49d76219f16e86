"""Images of a trained generator, for other tools."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from harness.config.catalog import dataset
from harness.config.trial import DataConfig, TrialConfig
from harness.core.errors import HarnessError
from harness.core.files import write_atomically
from harness.core.grids import GRID, Layout, labelled, montage, png, side_by_side, tiles
from harness.gan import models
from harness.gan.data import load_images
from harness.gan.evaluate import Images8, compared_order
from harness.gan.labels.condition import Condition, build_condition, sampled_inputs
from harness.gan.labels.labelled import apart
from harness.gan.models.network import GENERATION
from harness.gan.pixels import from_bytes, to_bytes
from harness.gan.train import checkpoint
from harness.gan.train.ensemble import Mixture, sampling
from harness.gan.train.state import translation

_BATCH = 128
ROW = Layout(12)  # of a comparison


class Trained(NamedTuple):
    """A cell that was trained with the seed of a comparison."""

    name: str  # for people
    config: TrialConfig
    generators: Path
    validation: Path | None  # the grid of validation images in its record, where there is one


def write_comparison(sources: Sequence[Trained], count: int, target: Path, *, cache: Path) -> None:
    """Write a PNG: validation images, then as many images of each cell, from the same latents.

    Cells that were trained on other images follow theirs. Translations are of the real images.
    """
    blocks: list[tuple[str, Images8]] = []
    known: DataConfig | None = None
    for one in sorted(sources, key=lambda one: one.config.data.model_dump_json()):
        if one.config.data != known:
            known, real = one.config.data, _real(one, count, cache)
            blocks.append(("validation images", real))
        network, given = load_generator(one.config, one.generators)
        if one.config.translation.source:
            made = _translate(one.config, network, real)["images"]
        else:
            made = _sample(one.config, network, given, count)
        blocks.append((one.name, made))
    write_atomically(target, labelled(blocks, ROW))


def _real(source: Trained, count: int, cache: Path) -> Images8:
    """So many validation images in the order of the grids, of the record if it has as many."""
    recorded = []
    if source.validation:
        with Image.open(source.validation) as grid:
            recorded = [np.atleast_3d(np.asarray(image)) for image in tiles(grid, GRID.columns)]
    if len(recorded) >= count:
        return np.stack(recorded[:count])
    images = load_images(source.config.data, cache)
    _check_count(source.config, count, len(images.validation))
    return np.asarray(images.validation[compared_order(images)[:count]])


def _check_count(config: TrialConfig, count: int, available: int) -> None:
    if available < count:
        raise HarnessError(
            f"--count {count}: of validation images {config.data.name} has {available}"
        )


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
        arrays = _translate(config, network, _sources(config, count, cache))
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


def _sources(config: TrialConfig, count: int, cache: Path) -> Images8:
    """The first validation images, of which a translation's sources are computed."""
    real = load_images(config.data, cache).validation
    _check_count(config, count, len(real))
    return real[:count]


def _translate(config: TrialConfig, network: Mixture, real: Images8) -> dict[str, Images8]:
    """Translations of real images, (N, H, W, C) uint8, and their sources."""
    translate, pixels = translation(config), config.training.pixel_range
    assert translate is not None
    sources, made = [], []
    for start in range(0, len(real), _BATCH):
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
