"""Knobs of the evaluation: they determine the metric identity, not what is trained."""

from typing import Literal

from harness.config.trial.base import EncoderName, ProtocolName, Section, knob


class EvaluationConfig(Section):
    """How the EMA generator is scored; `none` means the data set's default."""

    protocol: ProtocolName | None = knob(
        None, "protocol of KID: keras75, blocks, subsets or fidelity299", source="definitions"
    )
    encoder: EncoderName | None = knob(
        None,
        "network that computes features: a name, or the path of a saved Keras model",
        source="S0",
    )
    encoder_content: str | None = knob(
        None, "digest of the encoder's file, set by the harness", source="design"
    )
    resolution: int | None = knob(None, "image size for the encoder", unit="px", ge=8, le=1024)
    resizer: Literal["bilinear", "bicubic"] = knob(
        "bilinear",
        "resizing for the encoder: bilinear without antialiasing (S0), or antialiased bicubic "
        "(its repository)",
    )
    samples: int | None = knob(
        None,
        "number of validation images and of generated images; none: the whole split",
        source="design",
        ge=2,
    )
    subset_size: int | None = knob(
        None, "images per subset of the protocol `subsets`", source="torch-fidelity", ge=2
    )
