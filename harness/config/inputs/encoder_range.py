"""Whether a saved model's first layers rescale pixels of 0 to 255.

A model gets images in [0, 1], unless its first layers divide by 255 or subtract a mean of about
120: it was trained on bytes, and images in [0, 1] would be black to it.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

SMALL = 1 / 32  # factors below it are for bytes: 1/255, 1/127.5, 1/58
OFFSET = 2.0  # means above it are those of bytes; of [0, 1], they are below 1

# what hands pixels on in the range they have
PASSING = frozenset({
    "AveragePooling2D", "Cast", "CenterCrop", "Concatenate", "Copy", "Cropping2D", "Flip",
    "GetItem", "Identity", "InputLayer", "Moveaxis", "Permute", "RandomBrightness",
    "RandomContrast", "RandomCrop", "RandomFlip", "RandomRotation", "RandomTranslation",
    "RandomZoom", "Resize", "Resizing", "Split", "Stack", "Transpose", "UpSampling2D",
    "ZeroPadding2D",
})  # fmt: skip
MODELS = ("Functional", "Model", "Sequential")

Layer = Mapping[str, Any]


def wants_bytes(model: Layer) -> bool:
    """Whether a model takes pixels from 0 to 255, from its Keras configuration."""
    return _effect(model, set()) is Effect.SHRINKS


def first_layers(model: Layer) -> set[str]:
    """Names of the layers that first change the pixel range."""
    ends: set[str] = set()
    _effect(model, ends)
    return ends


class Effect(Enum):
    """The effect of a layer on the pixel range."""

    KEEPS = "keeps"
    SHRINKS = "shrinks"  # from bytes to something small
    OTHER = "other"


def _effect(layer: Layer, ends: set[str]) -> Effect:
    kind, config = layer["class_name"], layer.get("config") or {}
    if kind in MODELS:
        return _effect_of_all(config, kind == "Sequential", ends)
    if kind in PASSING:
        return Effect.KEEPS
    ends.add(_name(layer))
    return Effect.SHRINKS if _shrinks(kind, config, layer) else Effect.OTHER


def _effect_of_all(config: Layer, chained: bool, ends: set[str]) -> Effect:
    """The effect of a nested model: that of its layers that get pixels."""
    keeping: set[str] = set()  # layers whose output still has the range of the input
    last = ""
    for layer in config.get("layers") or []:
        last = _name(layer)
        sources = set(_sources(layer.get("inbound_nodes") or []))
        if not (chained or sources & keeping or layer["class_name"] == "InputLayer"):
            continue
        effect = _effect(layer, ends)
        if effect is Effect.SHRINKS or (chained and effect is Effect.OTHER):
            return effect
        if effect is Effect.KEEPS:
            keeping.add(last)
    outputs = {last} if chained else set(_sources(config.get("output_layers") or []))
    return Effect.KEEPS if outputs and outputs <= keeping else Effect.OTHER


def _name(layer: Layer) -> str:
    return str(layer.get("name") or (layer.get("config") or {}).get("name") or "")


def _shrinks(kind: str, config: Layer, layer: Layer) -> bool:
    """Whether a layer rescales bytes to a small range."""
    if kind == "Rescaling":
        return 0.0 < _largest(config.get("scale")) <= SMALL
    if kind == "Normalization":
        return _largest(config.get("mean")) > OFFSET
    largest = _largest(layer.get("inbound_nodes"))
    if kind in ("Divide", "TrueDivide"):
        return largest >= 1 / SMALL
    if kind == "Multiply":
        return 0.0 < largest <= SMALL
    return kind in ("Subtract", "Add") and largest > OFFSET


def _largest(value: Any) -> float:
    return max(_numbers(value), default=0.0)


def _sources(nodes: Any) -> Iterator[str]:
    """The input layers of a layer, in the format of Keras 3 or 2."""
    if isinstance(nodes, dict):
        history = (nodes.get("config") or {}).get("keras_history") if "config" in nodes else None
        if history:
            yield history[0]
        else:
            for part in nodes.values():
                yield from _sources(part)
    elif isinstance(nodes, list):
        if len(nodes) >= 3 and isinstance(nodes[0], str):
            yield nodes[0]
        else:
            for part in nodes:
                yield from _sources(part)


def _numbers(value: Any) -> Iterator[float]:
    """Absolute values of all numbers in a configuration, except references to tensors."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield abs(float(value))
    elif isinstance(value, dict):
        if value.get("class_name") != "__keras_tensor__":
            for part in value.values():
                yield from _numbers(part)
    elif isinstance(value, list) and not (value and isinstance(value[0], str)):
        for part in value:
            yield from _numbers(part)
