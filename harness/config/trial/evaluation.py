"""Knobs of scoring: what turns a trained generator into a number (the metric's identity)."""

from typing import Literal

from harness.config.trial.base import EncoderName, ProtocolName, Section, knob


class EvaluationConfig(Section):
    """How the EMA generator is scored; `none` means the data set's own choice."""

    protocol: ProtocolName | None = knob(
        None, "how KID is estimated: keras75, blocks, subsets or fidelity299", source="definitions"
    )
    encoder: EncoderName | None = knob(
        None, "what turns images into features: a name, or a saved Keras model's path", source="S0"
    )
    encoder_content: str | None = knob(
        None, "digest of the encoder's file, filled in by the harness", source="design"
    )
    resolution: int | None = knob(
        None, "size that images are resized to for the encoder", unit="px", ge=8, le=1024
    )
    resizer: Literal["bilinear", "bicubic"] = knob(
        "bilinear", "bilinear without antialias (S0) or antialiased bicubic (its repository)"
    )
    samples: int | None = knob(
        None,
        "validation images, and as many generated ones; none: the whole split",
        source="design",
        ge=2,
    )
    subset_size: int | None = knob(
        None, "images in one of the 100 subsets of `subsets`", source="torch-fidelity", ge=2
    )
