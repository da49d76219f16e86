"""Knobs of discriminator augmentation (ADA)."""

from typing import Literal

from harness.config.trial.base import Section, knob


class AugmentationConfig(Section):
    """Augmentation of real and generated images before the discriminator."""

    policy: Literal["adaptive", "fixed", "none"] = knob(
        "adaptive",
        "probability controlled by the accuracy on real images, fixed, or no augmentation",
    )
    probability: float = knob(
        0.0, "initial probability of `adaptive`, constant probability of `fixed`", ge=0.0, le=1.0
    )
    target_accuracy: float = knob(
        0.85, "target of `adaptive` for the accuracy on real images", gt=0.0, lt=1.0
    )
    integration_steps: int = knob(
        1000,
        "updates at batch size 128 after which an error of 100 % has raised the probability by 1",
        unit="updates",
        ge=1,
    )
    max_probability: float = knob(
        1.0, "largest probability for `adaptive`", source="design", gt=0.0, le=1.0
    )
    flip: bool = knob(True, "flip horizontally with probability 0.5")
    translation: float = knob(
        0.125, "largest shift each way, in whole pixels", unit="image sizes", ge=0.0, le=0.5
    )
    rotation: float = knob(0.125, "largest rotation either way", unit="turns", ge=0.0, le=0.5)
    zoom: float = knob(
        0.25, "largest zoom in, height and width independently", unit="image sizes", ge=0.0, lt=1.0
    )
    brightness: float = knob(
        0.0,
        "largest shift of brightness either way; 0.5 in the paper",
        unit="pixel ranges",
        source="Zhao et al. 2020",
        ge=0.0,
        le=1.0,
    )
    saturation: float = knob(
        0.0,
        "largest change of saturation either way, as a share; 1 in the paper",
        source="Zhao et al. 2020",
        ge=0.0,
        le=1.0,
    )
    contrast: float = knob(
        0.0,
        "largest change of contrast either way, as a share; 0.5 in the paper",
        source="Zhao et al. 2020",
        ge=0.0,
        le=1.0,
    )
