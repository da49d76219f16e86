"""The U-Net that turns one picture into another (Isola et al. 2017, Pix2Pix, with S3's details)."""

from collections.abc import Sequence

import tensorflow as tf

from harness.config.catalog import PRECISIONS, UPSAMPLINGS
from harness.config.trial import TrialConfig
from harness.gan.models.blocks import common, hidden, normalized, output
from harness.gan.models.composite import applied, built
from harness.gan.models.layers import Convolution, Dropout
from harness.gan.models.network import Network, Part, Pass, Plain, Shape

Block = list[Part]
_DROPPED = 3  # blocks of the decoder with dropout


class UNet(Network):
    """Encoder and decoder; each decoder block but the first also reads its mirror image's output.

    `up[0]` takes what `down[-1]` gives, `up[1]` that and what `down[-2]` gave, and so on.
    """

    def __init__(
        self, down: Sequence[Block], up: Sequence[Block], input_shape: tuple[int, ...]
    ) -> None:
        self._down, self._up = down, up
        self.name = "generator"
        self.parts = [part for block in (*down, *up) for part in block]
        self.input_shape = input_shape
        self.reference = None
        kept: list[Shape] = []
        shape: Shape = (None, *input_shape)
        for block in down:
            shape = built(block, shape)
            kept.append(shape)
        kept.pop()
        for number, block in enumerate(up):
            if number:
                shape = (*shape[:-1], (shape[-1] or 0) + (kept.pop()[-1] or 0))
            shape = built(block, shape)
        self.output_shape = tuple(shape[1:])

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Pictures (N, size, size, 1) → images (N, size, size, channels), float32."""
        kept = []
        for block in self._down:
            x = applied(block, x, run)
            kept.append(x)
        kept.pop()
        for number, block in enumerate(self._up):
            if number:
                x = tf.concat([x, kept.pop()], axis=3)
            x = applied(block, x, run)
        return tf.cast(x, tf.float32)


def build_unet(config: TrialConfig, channels: int) -> UNet:
    """Down to one pixel by stride-2 convolutions, and up again.

    Leaky ReLU in the encoder, the generator's activation in the decoder; no normalisation in the
    first and none but the convolution in the last layer of the encoder (S3).
    """
    section, size, precision = config.generator, config.data.image_size, config.training.precision
    plain, policy = {**common(section, precision), "use_bias": True}, PRECISIONS[precision]
    depth = size.bit_length() - 1
    down: list[Block] = []
    for number in range(1, depth + 1):
        name, ends = f"down_{number}", number in (1, depth)
        changes = {"activation": "leaky_relu", **({"normalization": "none"} if ends else {})}
        leaky = section.model_copy(update=changes)
        keywords = normalized(leaky, precision)
        layer = Convolution(section.width, section.kernel_size, 2, name=name, **keywords)
        after = [] if number == depth else hidden(leaky, name, policy)
        down.append([Plain(layer), *after])
    up: list[Block] = []
    rate = config.translation.decoder_dropout
    for number in range(1, depth + 1):
        name, last = f"up_{number}", number == depth
        units, keywords = (
            (channels, plain) if last else (section.width, normalized(section, precision))
        )
        block = UPSAMPLINGS.load(section.upsampling)(units, section.kernel_size, name, keywords)
        block += [] if last else hidden(section, name, policy)
        if rate and number <= _DROPPED and not last:
            block.append(Dropout(rate, name=f"{name}_dropout"))
        up.append(block)
    up[-1].append(output(section, config.training.pixel_range))
    return UNet(down, up, (size, size, 1))
