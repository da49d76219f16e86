"""A user's encoder: checks of its file that need no TensorFlow."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from harness.config.inputs.encoder_range import wants_bytes
from harness.core.errors import HarnessError

HDF5 = b"\x89HDF\r\n\x1a\n"
INTEGERS = ("uint8", "uint16", "uint32", "int16", "int32", "int64")  # which hold 0 to 255
FLOATS = ("float32", "float16", "bfloat16", "float64")
SAVE = "save it by model.save('NAME.keras') in Keras 3"


class Form(NamedTuple):
    """Input of a model: image size and pixel range."""

    dtype: str  # of its input
    bytes: bool  # whether its values are from 0 to 255, instead of 0 to 1


def form(path: Path) -> Form:
    """Input of the model in a file; an error if it cannot be an encoder."""
    return form_of(path, _description(path))


def form_of(path: Path, model: Mapping[str, Any]) -> Form:
    """Input of a model, from its Keras configuration."""
    _check_layers(path, model)
    config = model.get("config") or {}
    for side in ("input", "output"):
        names = _names(config.get(f"{side}_layers"))
        if len(names) > 1:
            raise _fault(
                path,
                f"has {len(names)} {side}s ({', '.join(names)}), and an encoder has one; make a "
                "model with one by keras.Model(input, output) and save that",
            )
    given = next((layer for layer in _layers(config) if _is(layer, "InputLayer")), None)
    if given is None:
        return Form("float32", wants_bytes(model))
    shape = given["config"].get("batch_shape") or given["config"].get("batch_input_shape")
    check_shape(path, tuple(shape) if shape else None)
    dtype = given["config"].get("dtype") or "float32"
    if dtype not in (*INTEGERS, *FLOATS):
        raise _fault(
            path, f"takes {dtype}, which cannot hold pixels; give it an input of float32 or uint8"
        )
    return Form(str(dtype), dtype in INTEGERS or wants_bytes(model))


def check_shape(path: Path, shape: Any) -> None:
    """Raise an error unless `shape` (N, H, W, C) stands for square RGB images."""
    if not isinstance(shape, tuple) or len(shape) != 4:
        raise _fault(path, f"must take square RGB images (N, size, size, 3), not {shape}")
    batch, height, width, channels = shape
    if height == 3 and channels != 3:
        raise _fault(
            path,
            f"takes channels first {shape}; put keras.layers.Permute((3, 1, 2)) before it and "
            "save both as one model",
        )
    if channels not in (3, None):
        raise _fault(
            path, f"takes {channels} channels {shape}, and must take 3 (square RGB images)"
        )
    if height != width:
        raise _fault(path, f"must take square RGB images, not {height} x {width} {shape}")
    if batch is not None:
        raise _fault(
            path,
            f"takes only batches of {batch} images {shape}; define its input without a batch "
            "size, by keras.Input((size, size, 3))",
        )


def _description(path: Path) -> Mapping[str, Any]:
    """The model's configuration in a saved file of any supported kind."""
    if path.is_dir():
        if (path / "saved_model.pb").exists():
            raise _fault(path, f"is a TensorFlow SavedModel folder, not a Keras model; {SAVE}")
        raise _fault(path, f"is a folder, but an encoder is one file; {SAVE}")
    if not path.is_file():
        raise HarnessError(f"evaluation.encoder: there is no file {path}{looked_for(path)}")
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"PK"):
        return _of_zip(path)
    if head == HDF5:
        return _of_hdf5(path)
    kind = " but a TensorFlow Lite one" if head[4:] == b"TFL3" else ""
    raise _fault(path, f"is not a saved Keras model{kind} (neither .keras nor .h5); {SAVE}")


def looked_for(path: Path) -> str:
    """The current folder in brackets if a path is relative, for messages."""
    return "" if path.is_absolute() else f" (relative to {Path.cwd()})"


def _of_zip(path: Path) -> Mapping[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if any(name.endswith("data.pkl") for name in names):
                raise _fault(path, f"is a PyTorch file, not a saved Keras model; {SAVE}")
            if "config.json" not in names:
                raise _fault(path, f"is a zip archive, but not a saved Keras model; {SAVE}")
            model = json.loads(archive.read("config.json"))
    except (zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
        raise _fault(path, f"is damaged ({error}); {SAVE} again") from None
    return _of(path, model, (".keras",))


def _of_hdf5(path: Path) -> Mapping[str, Any]:
    import h5py  # here, since few encoders are such files

    try:
        with h5py.File(path) as file:
            text = file.attrs.get("model_config")
            model = None if text is None else json.loads(text)
    except (OSError, ValueError) as error:
        raise _fault(path, f"is damaged ({error}); {SAVE} again") from None
    if model is None:
        raise _fault(
            path,
            f"holds weights only: load them into their model and {SAVE}",
        )
    return _of(path, model, (".h5", ".hdf5"))


def _of(path: Path, model: Any, endings: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(model, dict) or "class_name" not in model:
        raise _fault(path, f"does not describe a Keras model; {SAVE}")
    if path.suffix not in endings:
        raise _fault(
            path, f"is a saved Keras model whose name must end in {endings[0]}; rename the file"
        )
    return model


def _check_layers(path: Path, model: Mapping[str, Any]) -> None:
    for layer in _all_layers(model):
        name = (layer.get("config") or {}).get("name", layer["class_name"])
        if _is(layer, "Lambda"):
            raise _fault(
                path,
                f"has a Lambda layer ({name}), whose Python code is not executed; use a layer of "
                "Keras or keras.ops instead",
            )
        module = layer.get("module", "keras") or "none"  # files of Keras 2 do not say
        if module.split(".")[0] not in ("keras", "tf_keras"):
            raise _fault(
                path,
                f"has a custom layer, {layer['class_name']} ({name}), whose code is not saved in "
                "the file; use layers of Keras only",
            )
        if functions := _functions(layer.get("config")):
            raise _fault(
                path,
                f"has a custom function in a layer ({name}: {', '.join(functions)}), whose code "
                "is not saved in the file; use functions of Keras only",
            )


def _all_layers(model: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield model
    for layer in _layers(model.get("config") or {}):
        yield from _all_layers(layer)


def _layers(config: Any) -> list[Mapping[str, Any]]:
    """The layers of a model's configuration, including nested ones."""
    if not isinstance(config, dict):
        return []
    listed = config.get("layers")
    inner = [config["layer"]] if isinstance(config.get("layer"), dict) else []
    layers = [*(listed if isinstance(listed, list) else []), *inner]
    return [layer for layer in layers if isinstance(layer, dict) and "class_name" in layer]


def _functions(config: Any) -> list[str]:
    """The arguments of a layer that are custom functions, such as an activation."""
    values = config.items() if isinstance(config, dict) else ()
    return [
        knob
        for knob, value in values
        if isinstance(value, dict)
        and (value.get("class_name") in ("function", "__lambda__") or set(value) == {"value"})
    ]


def _is(layer: Mapping[str, Any], name: str) -> bool:
    return bool(layer["class_name"] == name and isinstance(layer.get("config"), dict))


def _names(tensors: Any) -> list[str]:
    """The layers of [layer, node, tensor], however nested."""
    if isinstance(tensors, dict):
        return [name for part in tensors.values() for name in _names(part)]
    if not isinstance(tensors, list) or not tensors:
        return []
    if isinstance(tensors[0], str):
        return [tensors[0]]
    return [name for part in tensors for name in _names(part)]


def _fault(path: Path, what: str) -> HarnessError:
    return HarnessError(f"evaluation.encoder: {path} {what}")
