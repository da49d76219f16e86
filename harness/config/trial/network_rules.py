"""Rules between the knobs of the two networks."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from harness.config.catalog import LOSSES, losses_with
from harness.config.trial.rule import Clash, Inert, depth_of, read

if TYPE_CHECKING:
    from harness.config.trial.root import TrialConfig

ATTENDED = 16  # pixels of the largest feature map that self-attention works on
_NETWORKS = ("generator", "discriminator")
# what a U-Net, which a translation has for a generator, does without
_NOT_IN_A_UNET = (
    *("architecture", "noise_size", "latent", "truncation"),
    *("hidden_dense", "attention", "dropout"),
)


def _translates(config: "TrialConfig") -> bool:
    return config.translation.source is not None


def _pairs_with_virtual_norm(network: str) -> Clash:
    return Clash(
        (f"{network}.normalization", "translation.source"),
        lambda c: _translates(c) and read(c, f"{network}.normalization") == "virtual_batch",
        "a reference batch has no pairs of source and image: choose another normalisation",
    )


CLASHES = (
    *map(_pairs_with_virtual_norm, _NETWORKS),
    Clash(
        ("discriminator.output", "loss.name"),
        lambda c: c.discriminator.output == "sigmoid" and not LOSSES[c.loss.name].probability,
        "this loss needs logits: set discriminator.output to logit, or loss.name to one "
        "of " + ", ".join(losses_with("probability")),
    ),
    Clash(
        ("discriminator.minibatch", "loss.name"),
        lambda c: c.discriminator.minibatch != "none" and LOSSES[c.loss.name].energy,
        "the autoencoder of this loss cannot use minibatch features: set "
        "discriminator.minibatch to none",
    ),
    Clash(
        ("discriminator.minibatch", "discriminator.normalization"),
        lambda c: (
            c.discriminator.minibatch != "none" and c.discriminator.normalization == "virtual_batch"
        ),
        "the reference batch would be part of every batch: set "
        "discriminator.minibatch to none, or choose another normalisation",
    ),
)


def _single(network: str) -> Callable[["TrialConfig"], bool]:
    """Whether a network has only one block."""
    return lambda c: (read(c, f"{network}.depth") or depth_of(c.data.image_size)) == 1


def _nowhere_to_attend(config: "TrialConfig") -> bool:
    """Whether even the discriminator's last feature map is too large for attention."""
    depth = config.discriminator.depth or depth_of(config.data.image_size)
    return bool(config.data.image_size // 2**depth > ATTENDED)


def _of_both(network: str) -> Iterator[Inert]:
    def is_not(knob: str, *values: str) -> Callable[["TrialConfig"], bool]:
        return lambda c: read(c, f"{network}.{knob}") not in values

    def is_none(config: "TrialConfig") -> bool:
        return bool(read(config, f"{network}.normalization") == "none")

    yield Inert(f"{network}.batch_norm_momentum", is_not("normalization", "batch"))
    yield Inert(f"{network}.batch_norm_scale", is_none)
    yield Inert(f"{network}.norm_placement", is_none)
    yield Inert(f"{network}.bias_before_norm", is_none)
    yield Inert(
        f"{network}.initializer_stddev", is_not("initializer", "normal", "truncated_normal")
    )


def _biggan(network: str) -> Callable[["TrialConfig"], bool]:
    return lambda c: bool(read(c, f"{network}.architecture") == "biggan")


def _fed_once(config: "TrialConfig") -> bool:
    """Whether the generator has no further block to feed the latents to."""
    return _single("generator")(config) and not _biggan("generator")(config)


def _unless_unet(knob: str, when: Callable[["TrialConfig"], bool]) -> Inert:
    return Inert(f"generator.{knob}", lambda c: _translates(c) or when(c))


INERT = (
    *_of_both("generator"),
    *_of_both("discriminator"),
    Inert(
        "generator.leaky_slope",
        lambda c: c.generator.activation == "relu" and not _translates(c),
    ),
    Inert("discriminator.leaky_slope", lambda c: c.discriminator.activation == "relu"),
    *(Inert(f"generator.{knob}", _translates) for knob in _NOT_IN_A_UNET),
    _unless_unet("filters", _single("generator")),
    _unless_unet("residual", lambda c: _biggan("generator")(c) or _single("generator")(c)),
    _unless_unet("skip_z", _fed_once),
    Inert("discriminator.filters", _single("discriminator")),
    Inert("discriminator.residual", _biggan("discriminator")),
    Inert(
        "generator.dropout_at_generation",
        lambda c: c.generator.dropout == 0 or _translates(c),
    ),
    Inert("discriminator.attention", _nowhere_to_attend),
    Inert("discriminator.output_epsilon", lambda c: c.discriminator.output == "logit"),
    Inert("discriminator.instance_noise_every", lambda c: c.discriminator.instance_noise == 0),
    Inert("discriminator.instance_noise_end", lambda c: c.discriminator.instance_noise == 0),
)
