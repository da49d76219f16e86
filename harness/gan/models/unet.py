"""The U-Net that turns one picture into another (Isola et al. 2017, Pix2Pix, with S3's details)."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from harness.config.trial import TrialConfig
from harness.gan.models import dcgan
from harness.gan.models.layers import Convolution, Dropout, TransposedConvolution
from harness.gan.models.network import Network, Pass, Plain

Block = list[Plain | Dropout]
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
        kept: list[tuple[int | None, ...]] = []
        shape: tuple[int | None, ...] = (None, *input_shape)
        for block in down:
            shape = _built(block, shape)
            kept.append(shape)
        kept.pop()
        for number, block in enumerate(up):
            if number:
                shape = (*shape[:-1], (shape[-1] or 0) + (kept.pop()[-1] or 0))
            shape = _built(block, shape)
        self.output_shape = tuple(shape[1:])

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Pictures (N, size, size, 1) → images (N, size, size, channels), float32."""
        kept = []
        for block in self._down:
            x = _applied(block, x, run)
            kept.append(x)
        kept.pop()
        for number, block in enumerate(self._up):
            if number:
                x = tf.concat([x, kept.pop()], axis=3)
            x = _applied(block, x, run)
        return tf.cast(x, tf.float32)


def _built(block: Block, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    for part in block:
        part.build(shape)
        shape = part.compute_output_shape(shape)
    return shape


def _applied(block: Block, x: tf.Tensor, run: Pass) -> tf.Tensor:
    for part in block:
        x = part(x, run)
    return x


def unet(config: TrialConfig, channels: int) -> UNet:
    """Down to one pixel by stride-2 convolutions, and up again.

    Leaky ReLU in the encoder, the generator's activation in the decoder; no normalisation in the
    first and none but the convolution in the last layer of the encoder (S3).
    """
    own, size, precision = config.generator, config.data.image_size, config.training.precision
    shared, policy = dcgan.common(own, precision), dcgan.POLICY[precision]
    plain, normed = {**shared, "use_bias": True}, {**shared, "use_bias": not own.batch_norm}
    leaky = own.model_copy(update={"activation": "leaky_relu"})
    depth = size.bit_length() - 1
    down: list[Block] = []
    for number in range(1, depth + 1):
        name, ends = f"down_{number}", number in (1, depth)
        layer = Convolution(own.width, own.kernel_size, 2, name=name, **(plain if ends else normed))
        hidden = leaky.model_copy(update={"batch_norm": own.batch_norm and not ends})
        after = [] if number == depth else dcgan.hidden(hidden, name, policy)
        down.append([Plain(layer), *after])
    up: list[Block] = []
    rate = config.translation.decoder_dropout
    for number in range(1, depth + 1):
        name, last = f"up_{number}", number == depth
        units, keywords = (channels, plain) if last else (own.width, normed)
        layer = TransposedConvolution(units, own.kernel_size, 2, name=name, **keywords)
        after = [] if last else dcgan.hidden(own, name, policy)
        if rate and number <= _DROPPED and not last:
            after.append(Dropout(rate, name=f"{name}_dropout"))
        up.append([Plain(layer), *after])
    output = keras.layers.Activation("sigmoid", name="output", dtype="float32")
    up[-1].append(Plain(output))
    return UNet(down, up, (size, size, 1))
