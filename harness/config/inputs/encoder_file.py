"""A user's encoder as its file describes it: what can be said, and refused, without TensorFlow."""

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
    """How a model takes its images."""

    dtype: str  # of its input
    bytes: bool  # whether its values are from 0 to 255, instead of 0 to 1


def form(path: Path) -> Form:
    """How the model in a file takes its images; an error where it can be no encoder."""
    return form_of(path, _description(path))


def form_of(path: Path, model: Mapping[str, Any]) -> Form:
    """The same of a model's own description, as Keras writes it."""
    _check_layers(path, model)
    config = model.get("config") or {}
    for side in ("input", "output"):
        names = _names(config.get(f"{side}_layers"))
        if len(names) > 1:
            raise _fault(
                path,
                f"has {len(names)} {side}s ({', '.join(names)}), and an encoder has one; make a "
                "model of one with keras.Model(one input, one output) and save that",
            )
    given = next((layer for layer in _layers(config) if _is(layer, "InputLayer")), None)
    if given is None:
        return Form("float32", wants_bytes(model))
    shape = given["config"].get("batch_shape") or given["config"].get("batch_input_shape")
    check_shape(path, tuple(shape) if shape else None)
    dtype = given["config"].get("dtype") or "float32"
    if dtype not in (*INTEGERS, *FLOATS):
        raise _fault(
            path, f"takes {dtype}, which holds no pixels; give it an input of float32 or uint8"
        )
    return Form(str(dtype), dtype in INTEGERS or wants_bytes(model))


def check_shape(path: Path, shape: Any) -> None:
    """Raise an error unless `shape` (N, H, W, C) is that of square RGB images."""
    if not isinstance(shape, tuple) or len(shape) != 4:
        raise _fault(path, f"must take square RGB images (N, size, size, 3), not {shape}")
    batch, height, width, channels = shape
    if height == 3 and channels != 3:
        raise _fault(
            path,
            f"takes square RGB images with the channels first {shape}; put "
            "keras.layers.Permute((3, 1, 2)) before it and save the two as one model",
        )
    if channels not in (3, None):
        raise _fault(path, f"takes {channels} channels {shape}, and must take square RGB images: 3")
    if height != width:
        raise _fault(path, f"must take square RGB images, not {height} x {width} {shape}")
    if batch is not None:
        raise _fault(
            path,
            f"takes batches of {batch} only {shape}; make its input without a batch size, by "
            "keras.Input((size, size, 3))",
        )


def _description(path: Path) -> Mapping[str, Any]:
    """What a saved file says of its model, by the kind of file that it is."""
    if path.is_dir():
        if (path / "saved_model.pb").exists():
            raise _fault(path, f"is a TensorFlow SavedModel folder, not a Keras model; {SAVE}")
        raise _fault(path, f"is a folder, and an encoder is one file; {SAVE}")
    if not path.is_file():
        raise HarnessError(f"evaluation.encoder: there is no file {path}{looked_for(path)}")
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"PK"):
        return _of_zip(path)
    if head == HDF5:
        return _of_hdf5(path)
    kind = " but a TensorFlow Lite one" if head[4:] == b"TFL3" else ""
    raise _fault(path, f"is no saved Keras model{kind} (neither .keras nor .h5); {SAVE}")


def looked_for(path: Path) -> str:
    """Where a relative path begins, for messages."""
    return "" if path.is_absolute() else f" (looked for from {Path.cwd()})"


def _of_zip(path: Path) -> Mapping[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if any(name.endswith("data.pkl") for name in names):
                raise _fault(path, f"is a PyTorch file, not a saved Keras model; {SAVE}")
            if "config.json" not in names:
                raise _fault(path, f"is a zip archive, but no saved Keras model; {SAVE}")
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
            f"holds weights only, not the model that they belong to: load them into it and {SAVE}",
        )
    return _of(path, model, (".h5", ".hdf5"))


def _of(path: Path, model: Any, endings: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(model, dict) or "class_name" not in model:
        raise _fault(path, f"describes no Keras model; {SAVE}")
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
                f"has a Lambda layer ({name}), whose Python code is not run; put a layer or a "
                "function of keras.ops in its place",
            )
        module = layer.get("module", "keras") or "none"  # files of Keras 2 do not say
        if module.split(".")[0] not in ("keras", "tf_keras"):
            raise _fault(
                path,
                f"has a layer of its own, {layer['class_name']} ({name}), whose code is in no "
                "saved file; make the model of the layers of Keras",
            )
        if functions := _functions(layer.get("config")):
            raise _fault(
                path,
                f"has a function of its own in a layer ({name}: {', '.join(functions)}), whose "
                "code is in no saved file; use one of Keras",
            )


def _all_layers(model: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield model
    for layer in _layers(model.get("config") or {}):
        yield from _all_layers(layer)


def _layers(config: Any) -> list[Mapping[str, Any]]:
    """The layers of a model's configuration; one within another is given as `layer`."""
    if not isinstance(config, dict):
        return []
    found = config.get("layers")
    inner = [config["layer"]] if isinstance(config.get("layer"), dict) else []
    layers = [*(found if isinstance(found, list) else []), *inner]
    return [layer for layer in layers if isinstance(layer, dict) and "class_name" in layer]


def _functions(config: Any) -> list[str]:
    """The knobs of a layer that are a function of the user's, as activation."""
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


def lacking(files: Mapping[str, str]) -> list[str]:
    """What to do about encoder files (path → content) that are not here: a line each."""
    return [
        f"evaluation.encoder: {path}{looked_for(Path(path))}: put there the file whose SHA-256 "
        f"begins with {content.removesuffix('-bytes')}, which the record of this study was scored "
        "with; without it nothing can be trained or scored, and another file gives KIDs that do "
        "not compare with the record"
        for path, content in files.items()
    ]
