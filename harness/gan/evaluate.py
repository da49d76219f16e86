"""Scoring: generator → uint8 images → features → KID and more against the validation images."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from harness.config.catalog import ENCODERS, PROTOCOLS
from harness.config.identity import digest, metric_request
from harness.config.inputs.images import scored
from harness.config.inputs.sent import located
from harness.config.trial import DataConfig, EvaluationConfig, TrialConfig
from harness.core import rng
from harness.core.cache import entry
from harness.core.grids import SIDE
from harness.gan import devices
from harness.gan.data import Images
from harness.gan.encoder_checks import check_behaviour, check_features, check_finite
from harness.gan.encoders import ENCODING, Encoder
from harness.gan.graph_cache import GraphCache
from harness.gan.labels.labelled import MaybeLabelled
from harness.gan.nearest_images import CHECKED, SEARCHED, Nearest, Neighbours
from harness.gan.saved_model import load_saved_model
from harness.gan.untrained import scored_once
from harness.metrics.fid import Frechet
from harness.metrics.inception_score import measure_inception_score
from harness.metrics.kid import FIRST_HALF, SECOND_HALF, Draw, Estimate
from harness.metrics.neighbours import Neighbourhoods

BATCH = 128  # images generated at a time
REAL = "real.npy"

Images8 = NDArray[np.uint8]  # (N, H, W, C)
Translate = Callable[[Images8], Images8]  # real images → what is made of their sources
Generate = Callable[[MaybeLabelled], Images8]  # latents (128, noise) → (128, H, W, C)
Protocol = Callable[[int, int, int], list[Draw]]  # generated and real images, size
Encoded = tuple[Images8, NDArray[np.float32]]  # images and their features


def build_encoder(data: DataConfig, evaluation: EvaluationConfig, cache: Path) -> Encoder:
    """The encoder that `evaluation` names: one of the catalogue, or a saved Keras model's path."""
    name = evaluation.encoder or "inception_v3"
    if name not in ENCODERS:
        return load_saved_model(located(name, Path(name)), data, evaluation)
    encoder: Encoder = ENCODERS.load(name)(data, evaluation, cache)
    return encoder


class Evaluator:
    """Everything about a metric that is the same in all trials that ask for it, prepared once.

    `identity` names the way of scoring, and `spec` says it in full (evaluations/<identity>.json).
    `count` images are generated for an evaluation.
    """

    def __init__(
        self, config: TrialConfig, images: Images, cache: Path, graphs: GraphCache | None = None
    ) -> None:
        """`graphs`: where the compiled encoder is loaded from, instead of tracing it.

        With them, scores of untrained generators are kept, too.
        """
        protocol = config.evaluation.protocol or ""
        block = PROTOCOLS[protocol].block
        self.count = scored(config, len(images.validation))
        size = block or min(config.evaluation.subset_size or self.count, self.count)
        encoder = build_encoder(config.data, config.evaluation, cache)
        self._encoder = (
            _kept(encoder, graphs, images, config.evaluation.resizer) if graphs else encoder
        )
        estimator = f"blocks{block}" if block else f"subsets100x{size}"
        self.spec: dict[str, Any] = {
            "request": metric_request(config),
            "identity": "",
            "protocol": protocol,
            "encoder": self._encoder.name,
            "resolution": self._encoder.resolution,
            "resizer": config.evaluation.resizer,
            "n": self.count,
            "m": self.count,
            "reference": images.identity[:8],
            "encoder_digest": self._encoder.digest,
        }
        if self._encoder.file:
            self.spec["file"] = Path(self._encoder.file).name
        if config.translation.source:
            self.spec["translation"] = config.translation.source
        self.identity = self.spec["identity"] = _identity(self.spec, estimator)
        self._images, self._order = images, compared_order(images)[: self.count]
        self._cache, self._graphs, self._plugins = cache, graphs, config.plugins
        self._last: Encoded | None = None
        self._real = self._real_features()  # (m, d)
        self._neighbourhoods = Neighbourhoods(self._real)
        parts = _draws(PROTOCOLS.load(protocol), self.count, size)
        self.spec["real_kid"] = _between_halves(self._real, parts[1])
        self._ends = np.cumsum([len(part) for part in parts])
        self._estimate = Estimate(self._real, [draw for part in parts for draw in part])

    def reference(self, start: int, count: int) -> Images8:
        """Validation images in the order in which they are compared, (count, H, W, C) uint8."""
        return np.asarray(self._images.validation[self._order[start : start + count]])

    def rows(self, count: int) -> Images8:
        """The first validation images, at most `count`, as many as fill whole rows of a grid."""
        return self.reference(0, min(count, self.count) // SIDE * SIDE)

    def score(self, generate: Generate, inputs: MaybeLabelled, with_fid: bool) -> dict[str, Any]:
        """Score a generator on latents (count, noise size), of classes where it is given any."""
        return self._scores(self._evaluated(batches_of(generate, inputs, self.count)), with_fid)

    def score_untrained(self, generate: Generate, inputs: MaybeLabelled) -> dict[str, Any]:
        """Score a generator before its training, without FID; equal images once on this machine.

        They are made a second time where they are new, which costs little next to encoding them.
        """
        if self._graphs is None:
            return self.score(generate, inputs, with_fid=False)
        measured = [self.spec, self._plugins, ENCODING, self._graphs.computed]
        return scored_once(
            self._cache / "untrained",
            measured,
            batches_of(generate, inputs, self.count),
            lambda: self.score(generate, inputs, with_fid=False),
        )

    def score_translation(self, translate: Translate, with_fid: bool) -> dict[str, Any]:
        """Score a translation on the validation images; `l1` is its mean absolute error, 0 to 1."""
        errors: list[float] = []

        def batches() -> Iterator[Images8]:
            for start in range(0, self.count, BATCH):
                real = self.reference(start, BATCH)
                made = translate(real)
                errors.append(float(np.abs(made.astype(np.float32) - real).sum()))
                yield made

        scores = self._scores(self._evaluated(batches()), with_fid)
        return {**scores, "l1": sum(errors) / (255 * self.count * self.reference(0, 1).size)}

    @property
    def checked(self) -> int:
        """Generated images whose distance to the training images is compared."""
        return min(self.count, CHECKED)

    def nearest(self, shown: Images8, batches: Iterable[Images8]) -> Nearest:
        """Find the nearest training images; `batches`: the generated images, `checked` of them.

        They are mostly those of the last evaluation, which then are not encoded again.
        """
        real = self.rows(len(shown))
        return self._neighbours.compare(shown, self._features(batches, self._last), real)

    @cached_property
    def _neighbours(self) -> Neighbours:
        folder = self._entry(self._images.identity, self._images.train_identity, SEARCHED, CHECKED)
        return Neighbours(self._encoder, self._images.train, self._real[:CHECKED], folder)

    def _scores(self, generated: NDArray[np.float32], with_fid: bool) -> dict[str, Any]:
        values, first, second, _ = np.split(self._estimate(generated), self._ends)
        classes = self._encoder.classes
        return {
            "kid": float(values.mean()),
            "kid_blocks": [float(value) for value in values],
            FIRST_HALF: float(first.mean()),
            SECOND_HALF: float(second.mean()),
            **self._neighbourhoods(generated),
            "fid": self._frechet(generated) if with_fid else None,
            "inception_score": measure_inception_score(classes(generated)) if classes else None,
        }

    def _evaluated(self, batches: Iterable[Images8]) -> NDArray[np.float32]:
        """Features of an evaluation's images; of the first ones, the images are kept, too."""
        first: list[Images8] = []

        def encoded() -> Iterator[Images8]:
            for batch in batches:
                if len(first) * BATCH < self.checked:
                    first.append(batch)
                yield batch

        features = self._features(encoded())
        self._last = np.concatenate(first)[: self.checked], features[: self.checked].copy()
        return features

    def _features(
        self, batches: Iterable[Images8], known: Encoded | None = None
    ) -> NDArray[np.float32]:
        """Features of all images, (count, d); a batch that is `known` is not encoded again."""
        parts: list[NDArray[np.float32]] = []
        for batch in map(np.asarray, batches):
            at = sum(map(len, parts))
            place = slice(at, at + len(batch))
            again = known is not None and np.array_equal(batch, known[0][place])
            parts.append(known[1][place] if known and again else self._encoder(batch))
        features = np.concatenate(parts)
        check_finite(self._encoder, features, "generated")
        return features

    @cached_property
    def _frechet(self) -> Frechet:
        return Frechet(self._real)

    def _entry(self, *identities: str | int) -> Path:
        """The entry of the cache for features of images that are so identified."""
        parts = [self.spec[name] for name in ("encoder", "resolution", "resizer", "m")]
        parts += [*identities, self._encoder.digest, ENCODING]
        # a GPU rounds otherwise, so its features are kept apart from a CPU's
        parts.append("GPU" if devices.on_gpu() else "CPU")
        return self._cache / "features" / digest(parts)

    def _real_features(self) -> NDArray[np.float32]:
        """Features of the validation images in one fixed random order; kept on disk by content."""
        folder = self._entry(self._images.identity)
        folder, note = entry(folder, "features of the real images", self._keep_real_features)
        self.notes = (*self._encoder.notes, note) if note else self._encoder.notes
        features: NDArray[np.float32] = np.load(folder / REAL)
        return features

    def _keep_real_features(self, folder: Path) -> None:
        starts = range(0, self.count, BATCH)
        features = np.concatenate([self._encoder(self.reference(at, BATCH)) for at in starts])
        check_features(self._encoder, features)
        check_behaviour(self._encoder, self.reference(0, self._encoder.batch), features)
        np.save(folder / REAL, features)


def _kept(encoder: Encoder, graphs: GraphCache, images: Images, resizer: str) -> Encoder:
    """An encoder of ours whose compiled network is in the cache; those of users stay as they are.

    Its graph is one for each size of images, of which an evaluator has one.
    """
    if not encoder.weights:
        return encoder
    weights = {f"{place:04}": weight for place, weight in enumerate(encoder.weights)}
    parts = [encoder.name, encoder.digest, encoder.resolution, resizer]
    structure = digest([*parts, list(images.validation.shape[1:])])
    keep = graphs.keeping(structure, lambda: weights)
    return replace(encoder, features=keep("features", encoder.features))


def compared_order(images: Images) -> NDArray[np.int64]:
    """The places of the validation images, in the order in which they are compared."""
    stream = rng.generator(0, "evaluation", "reference")
    return stream.permutation(len(images.validation))


def batches_of(generate: Generate, inputs: MaybeLabelled, count: int) -> Iterator[Images8]:
    """Batches of what is made of the first `count` inputs."""
    return (generate(batch)[:length] for batch, length in _filled(inputs, count))


def _filled(inputs: MaybeLabelled, count: int) -> Iterator[tuple[MaybeLabelled, int]]:
    """Batches of one size, so that the generator is traced for one shape only, and their length.

    What is made of the rest is not encoded.
    """

    def batch(values: NDArray[Any], start: int) -> NDArray[Any]:
        part = values[start : start + BATCH]
        return np.pad(part, ((0, BATCH - len(part)), *((0, 0) for _ in part.shape[1:])))

    for start in range(0, count, BATCH):
        made = tf.nest.map_structure(lambda values, at=start: batch(values, at), inputs)
        yield made, min(BATCH, count - start)


def _draws(protocol: Protocol, count: int, size: int) -> tuple[list[Draw], ...]:
    """The images to compare: all with all, both first halves, both second halves.

    The halves have no image in common, generated or real, so their values are independent.
    """
    half = count // 2
    # half of the images may be less than one block or subset
    first = protocol(half, half, min(size, half))
    second = [(generated + half, real + half) for generated, real in first]
    return protocol(count, count, size), first, second


def _between_halves(real: NDArray[np.float32], draws: list[Draw]) -> float:
    """KID of the validation images' first half against their second: of a perfect generator.

    By the draws of a half, so it scatters more than an evaluation of all images.
    """
    half = len(real) // 2
    return float(Estimate(real[half:], draws)(real[:half]).mean())


def _identity(spec: dict[str, Any], estimator: str) -> str:
    translation = f".{spec['translation']}" if "translation" in spec else ""
    return (
        f"{spec['encoder']}.{spec['resolution']}.{spec['resizer']}.{estimator}.n{spec['n']}"
        f".m{spec['m']}.ref-{spec['reference']}.enc-{spec['encoder_digest']}"
        f"{translation}"
    )
