"""Dense and convolutional layers whose kernel may be spectrally normalised, and dropout."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from harness.gan.models.network import Advancing, Pass
from harness.gan.pixels import from_unit
from harness.gan.random import fold, uniform

_TINY = 1e-12


def _unit(x: tf.Tensor) -> tf.Tensor:
    return x * tf.math.rsqrt(tf.reduce_sum(tf.square(x)) + _TINY)


class _Kernel(keras.layers.Layer, Advancing):
    """A kernel and a bias; with `spectral_norm` the kernel used is W / sigma(W).

    sigma is the largest singular value of W as a matrix (everything else, outputs), estimated by
    one power iteration an update from a stored vector (Miyato et al. 2018, algorithm 1). The
    gradient is that of W / sigma(W): the singular vectors are constants, sigma is not. The stored
    kernel stays W, and a further pass through the network changes nothing.
    """

    def __init__(
        self, units: int, *, use_bias: bool = False, spectral_norm: bool = False, **keywords: Any
    ) -> None:
        super().__init__(**keywords)
        self.units = units
        self.use_bias = use_bias
        self.spectral_norm = spectral_norm

    def _shape(self, inputs: int) -> tuple[int, ...]:
        raise NotImplementedError

    def _matrix(self, kernel: tf.Tensor) -> tf.Tensor:
        return tf.reshape(kernel, (-1, self.units))

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create kernel, bias and the stored singular vector."""
        # autocast off: sigma is computed in float32 at every precision
        self.kernel = self.add_weight(
            name="kernel", shape=self._shape(shape[-1] or 0), initializer="zeros", autocast=False
        )
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")
        if self.spectral_norm:
            self.singular_vector = self.add_weight(
                name="singular_vector",
                shape=(self.units,),
                initializer="ones",
                trainable=False,
                autocast=False,
            )
        self.built = True

    def matrix(self) -> tf.Tensor:
        """The stored kernel as a matrix (everything else, outputs)."""
        return self._matrix(tf.convert_to_tensor(self.kernel))

    def _singular(self) -> tuple[tf.Tensor, tf.Tensor]:
        """sigma and the advanced right singular vector."""
        matrix = self.matrix()
        vector = tf.convert_to_tensor(self.singular_vector)
        left = tf.stop_gradient(_unit(tf.linalg.matvec(matrix, vector)))
        right = tf.stop_gradient(_unit(tf.linalg.matvec(matrix, left, transpose_a=True)))
        return tf.reduce_sum(left * tf.linalg.matvec(matrix, right)), right

    def advance(self) -> None:
        """One power iteration."""
        if self.spectral_norm:
            self.singular_vector.assign(self._singular()[1])

    def weight(self) -> tf.Tensor:
        """The kernel that is used, in the precision that is computed in."""
        kernel = tf.convert_to_tensor(self.kernel)
        if self.spectral_norm:
            kernel = kernel / self._singular()[0]
        return tf.cast(kernel, self.compute_dtype)

    def _biased(self, x: tf.Tensor) -> tf.Tensor:
        return x + tf.cast(self.bias, x.dtype) if self.use_bias else x


class Dense(_Kernel):
    """(N, inputs) → (N, units)."""

    def _shape(self, inputs: int) -> tuple[int, ...]:
        return inputs, self.units

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """x W + b."""
        return self._biased(tf.linalg.matmul(x, self.weight()))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(N, units)."""
        return shape[0], self.units


class Convolution(_Kernel):
    """Strided convolution with `same` padding: (N, H, W, C) → (N, H/s, W/s, units)."""

    def __init__(self, units: int, kernel_size: int, strides: int, **keywords: Any) -> None:
        super().__init__(units, **keywords)
        self.kernel_size = kernel_size
        self.strides = strides

    def _shape(self, inputs: int) -> tuple[int, ...]:
        return self.kernel_size, self.kernel_size, inputs, self.units

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Convolve."""
        return self._biased(tf.nn.conv2d(x, self.weight(), self.strides, "SAME"))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Height and width divided by the stride, rounded up."""
        height, width = (-(-(size or 0) // self.strides) for size in shape[1:3])
        return shape[0], height, width, self.units


class TransposedConvolution(Convolution):
    """The gradient of a strided convolution: (N, H, W, C) → (N, H*s, W*s, units)."""

    def _shape(self, inputs: int) -> tuple[int, ...]:
        return self.kernel_size, self.kernel_size, self.units, inputs

    def _matrix(self, kernel: tf.Tensor) -> tf.Tensor:
        # outputs are the third axis here
        return tf.reshape(tf.transpose(kernel, (0, 1, 3, 2)), (-1, self.units))

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Convolve transposed."""
        height, width = x.shape[1] * self.strides, x.shape[2] * self.strides
        shape = (tf.shape(x)[0], height, width, self.units)
        return self._biased(tf.nn.conv2d_transpose(x, self.weight(), shape, self.strides, "SAME"))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Height and width times the stride."""
        height, width = ((size or 0) * self.strides for size in shape[1:3])
        return shape[0], height, width, self.units


class Resize(keras.layers.Layer):
    """(N, H, W, C) → (N, 2H, 2W, C), by repetition or bilinearly."""

    def __init__(self, kind: str, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._kind = kind

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Nothing to create."""
        del shape
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Enlarge."""
        _, height, width, channels = x.shape
        if self._kind == "nearest":  # written out: its gradient in TensorFlow has no XLA kernel
            pixels = tf.tile(x[:, :, tf.newaxis, :, tf.newaxis], (1, 1, 2, 1, 2, 1))
            return tf.reshape(pixels, (-1, 2 * height, 2 * width, channels))
        return tf.cast(_bilinear(x), x.dtype)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Height and width doubled."""
        return shape[0], 2 * (shape[1] or 0), 2 * (shape[2] or 0), shape[3]


def _bilinear(x: tf.Tensor) -> tf.Tensor:
    """(N, H, W, C) → (N, 2H, 2W, C) float32, with derivatives of every order.

    TensorFlow has none of its gradient, and says nothing: a penalty of gradients would teach what
    comes after alone. Enlarging is linear, so each is the other's gradient.
    """
    size = (2 * x.shape[1], 2 * x.shape[2])

    @tf.custom_gradient
    def enlarged(small: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        return tf.image.resize(small, size, "bilinear"), gathered

    @tf.custom_gradient
    def gathered(large: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        # of a float32 image: XLA gives float32 whatever is asked for, and stops at the difference
        original = tf.cast(tf.stop_gradient(x), tf.float32)
        back = tf.raw_ops.ResizeBilinearGrad(
            grads=large, original_image=original, half_pixel_centers=True
        )
        return tf.cast(back, x.dtype), enlarged

    result: tf.Tensor = enlarged(x)
    return result


class PixelShuffle(keras.layers.Layer):
    """(N, H, W, 4C) → (N, 2H, 2W, C): channels become places (Shi et al. 2016)."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Nothing to create."""
        del shape
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Shuffle."""
        return tf.nn.depth_to_space(x, 2)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Height and width doubled, a quarter of the channels."""
        return shape[0], 2 * (shape[1] or 0), 2 * (shape[2] or 0), (shape[3] or 0) // 4


class Scale(keras.layers.Layer):
    """Multiplies by one learned number that begins at 0."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create the number."""
        del shape
        self.gain = self.add_weight(name="gain", shape=(), initializer="zeros")
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Multiply."""
        return x * tf.cast(tf.convert_to_tensor(self.gain), x.dtype)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return shape


class Output(keras.layers.Layer):
    """The generator's last activation, and its values brought to the range of the pixels."""

    def __init__(self, activation: str, pixels: str, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._activation, self._pixels = activation, pixels

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Nothing to create."""
        del shape
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Activate, and scale where the activation has another range than the pixels."""
        if self._activation == "sigmoid":
            return from_unit(tf.sigmoid(x), self._pixels)
        y = tf.tanh(x)
        return y if self._pixels == "minus_one_one" else 0.5 * (y + 1.0)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return shape


class Dropout:
    """Inverted dropout whose noise is a function of the pass's seed and the layer's name.

    Keras' own layer carries a state that any further pass advances, so trials would not pair.
    """

    def __init__(self, rate: float, name: str, at_generation: bool = False) -> None:
        self.rate = rate
        self.name = name
        self._at_generation = at_generation
        self.variables: list[keras.Variable] = []
        self.trainable_variables: list[keras.Variable] = []

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Nothing to create."""

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's shape."""
        return shape

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Zero each value with probability `rate`, and scale the rest."""
        if self.rate == 0 or not (run.training or self._at_generation):
            return x
        # when sampling, what is generated from decides, so that equal inputs give equal images
        seed = run.seed if run.training else tf.bitcast(tf.reshape(run.inputs, (-1,))[:2], tf.int32)
        noise = uniform(tf.shape(x), fold(seed, self.name))
        return tf.where(noise >= self.rate, x / (1 - self.rate), tf.zeros_like(x))
