"""Scoring: generator → uint8 images → features → KID and coverage against the validation images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import rng
from harness.catalog import PROTOCOLS
from harness.config.identity import digest, metric_request
from harness.config.trial import TrialConfig
from harness.errors import HarnessError
from harness.files import write_atomically
from harness.gan import encoders
from harness.gan.data import Images
from harness.metrics.coverage import NEIGHBOURS, coverage, radii

BATCH = 128  # images generated at a time
MINIMUM = NEIGHBOURS + 1  # images: for coverage, and for KID against halves

Generate = Callable[[NDArray[np.float32]], NDArray[np.uint8]]  # (128, noise) → (128, H, W, C)


def to_uint8(images: Any) -> NDArray[np.uint8]:
    """Float images in [0, 1] as a PNG would hold them."""
    levels = np.rint(np.asarray(images, np.float32) * np.float32(255.0))
    return np.clip(levels, 0.0, 255.0).astype(np.uint8)


class Evaluator:
    """Everything about a metric that does not change through a training, prepared once.

    `identity` names the way of scoring, and `spec` says it in full (evaluations/<identity>.json).
    """

    def __init__(self, config: TrialConfig, images: Images, cache: Path) -> None:
        self._seed = config.seed
        self._noise_size = config.generator.noise_size
        protocol = config.evaluation.protocol or ""
        block = PROTOCOLS[protocol].block
        count = _count(config, len(images.validation), block)
        self._estimate = PROTOCOLS.load(protocol)
        self._size = block or min(config.evaluation.subset_size or count, count)
        self._encoder = encoders.build(config.data, config.evaluation, cache)
        estimator = f"blocks{block}" if block else f"subsets100x{self._size}"
        self.spec: dict[str, Any] = {
            "request": metric_request(config),
            "identity": "",
            "protocol": protocol,
            "encoder": self._encoder.name,
            "resolution": self._encoder.resolution,
            "resizer": config.evaluation.resizer,
            "n": count,
            "m": count,
            "reference": images.identity[:8],
            "encoder_digest": self._encoder.digest,
        }
        self.identity = self.spec["identity"] = _identity(self.spec, estimator)
        self._real = self._real_features(images, cache)  # (m, d)
        self._radii = radii(self._real)
        half = count // 2
        self._halves = (self._real[:half], self._real[half : 2 * half])

    @property
    def independent_blocks(self) -> int:
        """How many blocks or subsets fit into the validation images without sharing one."""
        return int(self.spec["n"]) // self._size

    def score(self, generate: Generate, number: int) -> dict[str, Any]:
        """Score a generator at evaluation `number`, whose latents are common to all cells."""
        generated = self._generated_features(generate, number)
        values = self._estimate(generated, self._real, self._size)
        half_a, half_b = (
            # half of the images may be less than one block or subset
            float(self._estimate(generated, half, min(self._size, len(half))).mean())
            for half in self._halves
        )
        return {
            "evaluation": number,
            "kid": float(values.mean()),
            "kid_blocks": [float(value) for value in values],
            "kid_half_a": half_a,
            "kid_half_b": half_b,
            "coverage": coverage(generated, self._real, self._radii),
        }

    def _generated_features(self, generate: Generate, number: int) -> NDArray[np.float32]:
        count = self.spec["n"]
        latents = rng.latents(count, self._noise_size, self._seed, "evaluation", number)
        parts = []
        for start in range(0, count, BATCH):
            batch = latents[start : start + BATCH]
            # the last batch is filled up, so that the generator is traced for one shape only
            filled = np.pad(batch, ((0, BATCH - len(batch)), (0, 0)))
            parts.append(self._encoder(np.asarray(generate(filled))[: len(batch)]))
        return np.concatenate(parts)

    def _real_features(self, images: Images, cache: Path) -> NDArray[np.float32]:
        """Features of the validation images in one fixed random order; kept on disk by content."""
        parts = [self.spec[name] for name in ("encoder", "resolution", "resizer", "m")]
        file = cache / "features" / f"{digest([*parts, images.identity, self._encoder.digest])}.npy"
        if file.exists():
            kept: NDArray[np.float32] = np.load(file)
            return kept
        order = rng.generator(0, "evaluation", "reference").permutation(len(images.validation))
        chosen = order[: self.spec["m"]]
        features = np.concatenate(
            [
                self._encoder(images.validation[chosen[start : start + BATCH]])
                for start in range(0, len(chosen), BATCH)
            ]
        )
        if not np.isfinite(features).all():
            raise HarnessError(
                f"evaluation.encoder: {self._encoder.name} gives features that are not finite"
            )
        try:
            write_atomically(file, lambda target: np.save(target, features))
        except OSError as error:
            raise HarnessError(f"{file}: features cannot be stored ({error})") from None
        return features


def _count(config: TrialConfig, available: int, block: int | None) -> int:
    """Validation images used, and as many generated ones; whole blocks where there are blocks."""
    wanted = config.evaluation.samples or available
    if wanted > available:
        raise HarnessError(
            f"evaluation.samples: {wanted} images are asked for, and split "
            f"{config.data.validation_split!r} of {config.data.name} has {available}"
        )
    count = wanted // block * block if block else wanted
    if count < MINIMUM:
        raise HarnessError(
            f"evaluation.samples: {wanted} validation images are too few for protocol "
            f"{config.evaluation.protocol}, which takes at least {block or MINIMUM}"
        )
    return count


def _identity(spec: dict[str, Any], estimator: str) -> str:
    return (
        f"{spec['encoder']}.{spec['resolution']}.{spec['resizer']}.{estimator}.n{spec['n']}"
        f".m{spec['m']}.ref-{spec['reference']}.enc-{spec['encoder_digest']}"
    )
