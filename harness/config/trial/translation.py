"""Knobs of image-to-image translation (Pix2Pix)."""

from harness.config.trial.base import Section, TranslationSource, knob


class TranslationConfig(Section):
    """The generator turns a source, made of a real image, back into that image.

    It is then a U-Net without latents, and the discriminator sees source and image together.
    """

    source: TranslationSource | None = knob(
        None,
        "what the generator is given in place of latents, made of the real image: grey or edges; "
        "none: no translation",
        source="Isola et al. 2017",
    )
    l1_weight: float = knob(
        100.0,
        "weight of the mean absolute difference to the real image, in the generator's loss",
        source="S3",
        ge=0.0,
    )
    decoder_dropout: float = knob(
        0.5, "dropout rate in the first three blocks of the decoder", source="S3", ge=0.0, lt=1.0
    )
