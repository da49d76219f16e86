"""Knobs that the compiled step reads from variables.

Trials that differ in nothing else share one compiled program: no new trace, no new compilation.
"""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from harness.config.catalog import dataset
from harness.config.identity import digest
from harness.config.patch import flatten
from harness.config.trial import TrialConfig
from harness.config.trial.penalties import ALL_WEIGHTS

REFERENCE_BATCH = 128  # S0's, at which the average's decay and ADA's speed are stated

_OPTIMIZER = ("learning_rate", "beta_1", "beta_2", "epsilon", "rho", "momentum")
# absent from the program at 0, so that 0 and a positive number are two programs
_SWITCHES = (
    "loss.smoothing_noise",
    "loss.label_noise",
    "discriminator.instance_noise",
    *ALL_WEIGHTS,
    "penalties.clipping.limit",
    "training.ema_start",
)
VARIABLE = (
    *(
        f"optimizer.{owner}.{name}"
        for owner in ("generator", "discriminator")
        for name in _OPTIMIZER
    ),
    "loss.label_smoothing",
    "translation.l1_weight",
    "labels.classifier_weight",
    "labels.information_weight",
    "loss.margin",
    "loss.diversity_ratio",
    "loss.equilibrium_gain",
    *_SWITCHES,
    "discriminator.instance_noise_end",
    "discriminator.output_epsilon",
    "augmentation.probability",
    "augmentation.target_accuracy",
    "augmentation.max_probability",
    "augmentation.integration_steps",
    "training.ema",
    "training.balance_ratio",
)
# what a program never sees: where images and first weights come from, how long it trains, and how
# the result is scored
_OUTSIDE = (
    "seed",
    "data.",
    "training.kimg",
    "training.evaluations",
    "training.final_evaluations",
    "generator.truncation",
    "generator.initializer",
    "discriminator.initializer",
    "evaluation.",
    "plugins.encoders.",
    "plugins.datasets.",
)
AVERAGE_RATE = "average_rate"
AUGMENTATION_GAIN = "augmentation_gain"
NOISE_FALL = "noise_fall"
AVERAGE_START = "average_start"
PACE = "pace"


class Numbers:
    """The variables, float32, by the dotted name of their knob, and some that follow from knobs."""

    def __init__(self, config: TrialConfig) -> None:
        self._variables = {
            name: tf.Variable(value, trainable=False, dtype=tf.float32, name=name.replace(".", "_"))
            for name, value in _values(config).items()
        }

    def __getitem__(self, name: str) -> tf.Variable:
        return self._variables[name]

    def variables(self) -> dict[str, tf.Variable]:
        """All of them by a stable name."""
        return {f"numbers/{name}": variable for name, variable in self._variables.items()}

    def assign(self, config: TrialConfig) -> None:
        """Take the numbers of another trial of the same structure."""
        for name, value in _values(config).items():
            self._variables[name].assign(value)


def structure(knobs: Mapping[str, Any]) -> str:
    """Identity of the program that trains `knobs` (a flat configuration): all but its numbers."""
    fixed = {
        path: value > 0 if path in _SWITCHES else value
        for path, value in knobs.items()
        if not path.startswith(_OUTSIDE) and (path not in VARIABLE or path in _SWITCHES)
    }
    return digest([fixed, knobs["data.image_size"], dataset(knobs["data.name"]).channels])


def _values(config: TrialConfig) -> dict[str, float]:
    flat = flatten(config)
    share = config.training.batch_size / REFERENCE_BATCH
    return {
        **{path: float(flat[path]) for path in VARIABLE},
        # of plug-ins' penalties, which are fixed in a program
        **{
            f"penalties.{name}.{weight}": getattr(penalty, weight)
            for name, penalty in config.penalties.plugged.items()
            for weight in ("weight", "generator_weight")
        },
        # here, since in float32 little is left of 1 - 0.9999
        AVERAGE_RATE: 1 - config.training.ema**share,
        AUGMENTATION_GAIN: share / config.augmentation.integration_steps,
        # what an iteration takes from the instance noise, as a share of where it starts
        AVERAGE_START: config.training.ema_start * 1000 / config.iteration_images,
        PACE: 1 / config.iterations,  # the share of the whole training that an iteration is
        NOISE_FALL: 1 / (config.discriminator.instance_noise_end * config.iterations),
    }
