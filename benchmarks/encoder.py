"""A small encoder for studies that are to measure time: `python -m benchmarks.encoder FILE`."""

import sys

import keras
from keras import layers

WIDTHS = (32, 64, 128)


def main(path: str) -> None:
    """Save it: RGB in [0, 1], any square size, to 128 features; random weights of a fixed seed."""
    keras.utils.set_random_seed(0)
    convolutions = [_convolution(width) for width in WIDTHS]
    shape = (None, None, 3)
    model = keras.Sequential(
        [layers.InputLayer(shape=shape), *convolutions, layers.GlobalAveragePooling2D()]
    )
    model.save(path)


def _convolution(width: int) -> layers.Layer:
    return layers.Conv2D(
        width, 3, 2, padding="same", activation="relu", kernel_initializer="he_normal"
    )


if __name__ == "__main__":
    main(sys.argv[1])
