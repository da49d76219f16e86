"""Files of encoders as they are met in the wild, made without TensorFlow."""

import json
import zipfile


def described(path, dtype="float32", shape=(None, None, None, 3)):
    """A .keras file that describes a model, so that it can be planned with, and has no weights."""
    given = {"batch_shape": shape, "dtype": dtype, "name": "given"}
    layers = [{"module": "keras.layers", "class_name": "InputLayer", "config": given}]
    model = {"module": "keras", "class_name": "Sequential", "config": {"layers": layers}}
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        # a fixed date, so that equal models are equal files
        archive.writestr(zipfile.ZipInfo("config.json"), json.dumps(model))
    return path
