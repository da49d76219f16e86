"""A synthetic runs/ folder that keeps to the schemas of the record, for tests of what reads it.

KID falls from 0.9 towards a level of the cell's own, with noise shared by the cells of a seed.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from harness.config.identity import key, metric_request
from harness.config.patch import flatten, resolve
from harness.config.runtime import Runtime
from harness.config.trial import TrialConfig
from harness.core.files import json_text
from harness.runs.layout import INTERPOLATION, NEAREST_PAIRS, VALIDATION, VALIDATION_PAIRS

BASELINE: dict[str, Any] = {
    "data.name": "cifar10",
    "data.image_size": 16,
    "training.batch_size": 64,
    "training.kimg": 128.0,
    "training.evaluations": 10,
}

NOTE = "This profile shows the path; its numbers are no evidence."


@dataclass(frozen=True)
class Tip:
    """A cell that differs from the reference, its true effect on KID, and who claims what."""

    name: str
    title: str
    patch: Mapping[str, Any]
    effect: float
    claims: Sequence[tuple[str, str]] = ()


TIPS = (
    Tip(
        "adam_beta_1",
        "Adam with beta_1 = 0.5 instead of 0.9",
        {"optimizer.generator.beta_1": 0.9, "optimizer.discriminator.beta_1": 0.9},
        0.080,
        [("S0", "helps"), ("S3", "helps")],
    ),
    Tip(
        "spectral_norm",
        "Spectral normalisation in the discriminator",
        {"discriminator.spectral_norm": True},
        -0.035,
        [("S0", "helps"), ("S2", "depends")],
    ),
    Tip(
        "label_smoothing",
        "One-sided label smoothing of 0.1",
        {"loss.label_smoothing": 0.1},
        -0.004,
        [("S1", "helps"), ("S4", "no_effect")],
    ),
    Tip(
        "batch_norm_in_discriminator",
        "Batch normalisation in the discriminator",
        {"discriminator.normalization": "none"},
        -0.030,
        [("S0", "helps"), ("S2", "hurts")],
    ),
)
"""The first and last ignore what the reference follows; their effect is ignoring − following."""
IGNORED = ("adam_beta_1", "batch_norm_in_discriminator")


@dataclass(frozen=True)
class Recipe:
    """What to build: which tips and seeds, and which trials ended badly."""

    tips: Sequence[Tip] = TIPS
    seeds: Sequence[int] = range(8)
    evidence: bool = True
    diverged: Sequence[tuple[str, int]] = (("adam_beta_1=ignoring", 3),)
    crashed: Sequence[tuple[str, int]] = (("label_smoothing=following", 4),)
    missing: Sequence[tuple[str, int]] = (("spectral_norm=following", 5),)
    collapsed: Sequence[tuple[str, int]] = ()  # they finish, and raise the flag
    baseline: Mapping[str, Any] = field(default_factory=lambda: BASELINE)
    run_name: str = "card_tips-cpu"
    grids: int = 6  # sample grids of a trial, evenly spread
    real: bool = False  # with real images, as an earlier version had none
    copying: Sequence[tuple[str, int]] = ()  # of those, trials with a sign of memorising

    def cells(self) -> dict[str, Mapping[str, Any]]:
        """Label → patch, the reference first."""
        return {"reference": {}, **{self.label(tip): tip.patch for tip in self.tips}}

    @staticmethod
    def label(tip: Tip) -> str:
        """The label of the tip's cell that is not the reference."""
        return f"{tip.name}={'ignoring' if tip.name in IGNORED else 'following'}"

    def name(self, label: str) -> str:
        """A cell as pages name it."""
        titles = {tip.name: tip.title for tip in self.tips}
        name, _, side = label.partition("=")
        return f"{titles[name]}: {side}" if side else label

    @property
    def names(self) -> list[str]:
        """The cells as pages name them, the reference first."""
        return [self.name(label) for label in self.cells()]

    def config(self, cell: str, seed: int) -> TrialConfig:
        """The resolved configuration of a trial."""
        return self._resolved[cell].model_copy(update={"seed": seed})

    @cached_property
    def _resolved(self) -> dict[str, TrialConfig]:
        """Those of the cells: resolving takes a fifth of the time of such a record."""
        return {cell: resolve([self.baseline, patch]) for cell, patch in self.cells().items()}


TIDY = Recipe(diverged=(), crashed=(), missing=())


def build(root: Path, recipe: Recipe | None = None) -> Runtime:
    """Write a plan and its trials below `root`; the folders as a `Runtime`."""
    recipe = recipe or Recipe()
    runtime = Runtime(runs=root / "runs", reports=root / "reports", studies=root / "studies")
    write_json(runtime.study(recipe.run_name) / "plan.json", plan := _plan(recipe))
    for row in plan["trials"]:
        _trial(runtime.trials / row["key"], recipe, row["cell"], row["seed"])
    return runtime


def all_trials(recipe: Recipe) -> list[tuple[str, int]]:
    """Every (cell, seed), to mark all as missing, crashed or diverged."""
    return [(cell, seed) for seed in recipe.seeds for cell in recipe.cells()]


def _plan(recipe: Recipe) -> dict[str, Any]:
    cells = recipe.cells()
    return {
        "run_name": recipe.run_name,
        "study": recipe.run_name.split("-")[0],
        "profile": recipe.run_name.split("-")[-1],
        "title": "Four tips of the card",
        "question": "Which of the usual tips lower KID on small images, and by how much?",
        "sources": ["S0 (Keras ADA-GAN)", "S2 (conditional GANs)"],
        "note": "" if recipe.evidence else NOTE,
        "evidence": recipe.evidence,
        "design": "one_at_a_time",
        "seeds": list(recipe.seeds),
        "alpha": 0.05,
        "equivalence": 0.05,
        "objective": "final",
        "analysis_digest": "0123abcd",
        "reference": "reference",
        "cells": [
            {
                "label": label,
                "patch": dict(patch),
                "request": metric_request(recipe.config(label, 0)),
                "warnings": [],
                "config": flatten(recipe.config(label, 0)),
            }
            for label, patch in cells.items()
        ],
        "contrasts": [_contrast(recipe, tip) for tip in recipe.tips],
        "trials": [
            {"cell": label, "seed": seed, "key": key(recipe.config(label, seed))}
            for seed in recipe.seeds
            for label in cells
        ],
    }


def _contrast(recipe: Recipe, tip: Tip) -> dict[str, Any]:
    sides = [recipe.label(tip), "reference"]
    following, ignoring = sides[::-1] if tip.name in IGNORED else sides
    return {
        **{"name": tip.name, "kind": "tip", "title": tip.title},
        "following": following,
        "ignoring": ignoring,
        "weights": {following: 1, ignoring: -1},
        "design": "one_at_a_time",
        "heuristic": tip.name,
        "claims": [
            {"source": source, "effect": effect, "condition": "", "quote": "a short gist"}
            for source, effect in tip.claims
        ],
    }


def _trial(folder: Path, recipe: Recipe, cell: str, seed: int) -> None:
    if (cell, seed) in recipe.missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    config = recipe.config(cell, seed)
    write_json(folder / "config.json", flatten(config))
    write_json(folder / "env.json", [_environment()])
    if (cell, seed) in recipe.crashed:
        error = "ResourceExhaustedError: out of memory <script>alert(1)</script>"
        failure = {"error": error, "log_tail": "", "attempt": 3, "at": "2026-11-22T12:00:00+00:00"}
        write_json(folder / "failure.json", failure)
        return
    diverged = (cell, seed) in recipe.diverged
    share = 0.3 if diverged else 1.0
    _curves(folder, recipe, cell, config, share)
    if not diverged and not config.translation.source:
        (folder / INTERPOLATION).write_bytes(_grid(config, cell, 1.0, 3, 12))
    if recipe.real:
        _real(folder, config, ended=not diverged, copying=(cell, seed) in recipe.copying)
    result = _result(folder.name, config, diverged, share)
    if (cell, seed) in recipe.collapsed:
        (spec,) = (folder / "evaluations").glob("*.json")
        result["flags"] = [{"flag": "collapsed", "kimg": 128.0, "identity": spec.stem}]
    write_json(folder / "result.json", result)


def _real(folder: Path, config: TrialConfig, ended: bool, copying: bool) -> None:
    (folder / VALIDATION).write_bytes(_grid(config, "real", 1.0, 6, 6))
    if not ended:
        return
    (folder / NEAREST_PAIRS).write_bytes(_grid(config, "near", 1.0, 6, 12))
    (folder / VALIDATION_PAIRS).write_bytes(_grid(config, "real", 1.0, 6, 12))
    (scores,) = (folder / "evaluations").glob("*.jsonl")
    near = {"metric": scores.stem, "iteration": config.iterations, "generated": 1000,
            "validation": 1000, "searched": 10000, "training": 50000,
            "nearer": 0.9 if copying else 0.2, "near": 0.4 if copying else 0.01,
            "near_expected": 0.05, "median": 1.5, "median_validation": 1.0}  # fmt: skip
    write_json(folder / "nearest.json", near)


def _environment() -> dict[str, Any]:
    return {
        "at": "2026-11-22T11:00:00+00:00",
        "host": "hidden-host",
        "python": "3.11.7",
        "platform": "Linux-6.1-x86_64",
        "versions": {"tensorflow": "2.21.0", "keras": "3.15.1", "numpy": "2.4.6"},
        "device": "CPU (2 cores)",
        "arithmetic": {"threads": 1, "xla": False, "device": "cpu", "tensorflow": "2.21.0"},
        "git": {"commit": "3f2a9c1d5e7b8a60", "dirty": False},
    }


def _curves(folder: Path, recipe: Recipe, cell: str, config: TrialConfig, share: float) -> None:
    effects = {recipe.label(tip): tip.effect for tip in recipe.tips}
    common = np.random.default_rng(config.seed)
    own = np.random.default_rng([config.seed, sum(map(ord, cell))])
    level = 0.14 + effects.get(cell, 0.0) + common.normal(0, 0.012) + own.normal(0, 0.010)
    request = metric_request(config)
    identity = f"inception_v3.75.bilinear.blocks128.n5760.m5760.ref-{request}.enc-0a1b2c3d"
    spec = {"requests": [request], "identity": identity, "protocol": "keras75",
            "m": 5760, "n": 5760, "encoder": "inception_v3", "resolution": 75,
            "resizer": "bilinear", "reference": request, "encoder_digest": "0a1b2c3d"}  # fmt: skip
    write_json(folder / "evaluations" / f"{identity}.json", spec)
    rows = config.evaluation_iterations
    shown = np.linspace(0, len(rows) - 1, recipe.grids).round().astype(int)
    late, scored = config.final_iterations, []
    for number, iteration in enumerate(rows[: 1 + round(share * (len(rows) - 1))]):
        done = iteration / config.iterations
        kid = level + (0.9 - level) * math.exp(-5 * done) + own.normal(0, 0.006) * (number > 0)
        place = _place(config, iteration)
        scores = {"kid": kid, "kid_blocks": [kid - 0.01, kid + 0.01], "kid_first_half": kid,
                  "kid_second_half": kid, "precision": 0.8 * done, "recall": 0.5 * done,
                  "density": 0.9 * done, "coverage": 0.6 * done, "evaluation_seconds": 4.0,
                  "fid": 300 * kid if iteration in late else None,
                  "inception_score": None}  # fmt: skip
        scored.append({"evaluation": number, **place, **scores})
        if number in shown:
            path = folder / "samples" / f"{iteration:08d}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(_grid(config, cell, done, 6, 6))
    _write_rows(folder / "evaluations" / f"{identity}.jsonl", scored)
    logged = range(100, int(share * config.iterations) + 1, 100)
    _write_rows(folder / "metrics.jsonl", [_statistics(config, one, own) for one in logged])


def write_json(path: Path, value: Any) -> None:
    """As the harness writes it, but without fsync: a third of the time of these records."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json_text(value))


def _write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _place(config: TrialConfig, iteration: int) -> dict[str, Any]:
    slower = 1.3 if config.discriminator.spectral_norm else 1.0
    return {
        "iteration": iteration,
        "kimg": iteration * config.iteration_images / 1000,
        "generator_updates": iteration,
        "seconds": iteration * 0.021 * slower,
    }


def _statistics(config: TrialConfig, iteration: int, noise: np.random.Generator) -> dict[str, Any]:
    done = iteration / config.iterations
    return {
        **_place(config, iteration),
        "images_per_second": 3000.0,
        "discriminator_loss": 0.6 - 0.2 * done + noise.normal(0, 0.03),
        "generator_loss": 0.9 + 0.6 * done + noise.normal(0, 0.05),
        "real_accuracy": 0.95 - 0.1 * math.exp(-3 * done) + noise.normal(0, 0.01),
        "fake_accuracy": 0.9 - 0.1 * math.exp(-3 * done) + noise.normal(0, 0.01),
        "augmentation_probability": 0.2 * done,
    }


def _grid(config: TrialConfig, cell: str, done: float, height: int, width: int) -> bytes:
    return _blobs(config.data.image_size, 30 * (len(cell) % 3), done, height, width)


@cache
def _blobs(size: int, light: int, done: float, height: int, width: int) -> bytes:
    """A grid of so many images that turn from noise into blobs of colour."""
    rng = np.random.default_rng(7)
    place = np.linspace(-1, 1, size)
    tiles = []
    for _ in range(height * width):
        x, y = rng.uniform(-0.4, 0.4, 2)
        blob = np.exp(-((place[:, None] - x) ** 2 + (place[None] - y) ** 2) / 0.15)
        picture = blob[..., None] * rng.uniform(60, 250, 3) + light
        static = rng.uniform(0, 255, (size, size, 3))
        tiles.append(done * picture + (1 - done) * static)
    grid = np.array(tiles).reshape(height, width, size, size, 3).swapaxes(1, 2)
    file = BytesIO()
    pixels = grid.reshape(height * size, width * size, 3).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(file, "png", compress_level=1)
    return file.getvalue()


def _result(name: str, config: TrialConfig, diverged: bool, share: float) -> dict[str, Any]:
    iteration = int(share * config.iterations)
    flags = [{"flag": "accuracy_above_band", "kimg": 32.0, "identity": None}]
    return {
        "key": name,
        "status": "diverged" if diverged else "finished",
        **_place(config, iteration),
        "evaluation_seconds": 44.0 * share,
        "images_per_second": 3000.0,
        "parameters": {"generator": 930947, "discriminator": 796161},
        "flags": flags if config.seed == 0 else [],
        "finished_at": "2026-11-22T12:00:00+00:00",
        "attempts": 1,
        "message": f"discriminator_loss is nan at iteration {iteration}" if diverged else "",
    }
