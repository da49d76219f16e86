"""Plug-ins for tests: a module with every kind of them, a study that uses it, a tiny package."""

MODULE = """
from harness.plugins import Dataset, Encoder, Loss, Network
from harness.plugins import REFERENCE, Contrast, Draft, label, pair


def shift(real, fake, game):
    import tensorflow as tf
    return tf.reduce_mean(tf.square(real - 2.0)) + tf.reduce_mean(tf.square(fake + 2.0))


def raised(real, fake, game):
    import tensorflow as tf
    return tf.reduce_mean(tf.square(fake - 2.0))


def brightness(seen):
    import tensorflow as tf
    return tf.square(tf.reduce_mean(seen.fake) - tf.reduce_mean(seen.real))


def stripes(split, size):
    import numpy as np
    count = {"train": 64, "test": 32}[split]
    phase = np.arange(count)[:, None, None, None] + {"train": 0, "test": 1}[split]
    rows = np.arange(size)[None, :, None, None]
    images = ((rows + phase) % 4 * 60).repeat(size, axis=2)
    return images.astype(np.uint8), np.arange(count) % 4


def make_generator(inputs, image_size, channels, knobs):
    import keras
    return keras.Sequential([
        keras.layers.Input((inputs,)),
        keras.layers.Dense(4 * 4 * knobs.width, activation="relu"),
        keras.layers.Dense(image_size * image_size * channels),
        keras.layers.Reshape((image_size, image_size, channels)),
    ])


def make_discriminator(image_size, channels, knobs):
    import keras
    return keras.Sequential([
        keras.layers.Input((image_size, image_size, channels)),
        keras.layers.Conv2D(knobs.width, 4, 4, activation="relu"),
        keras.layers.BatchNormalization(),
    ])


def pool():
    import tensorflow as tf
    return lambda images: tf.reduce_mean(tf.image.resize(images / 255.0, (4, 4)), axis=3,
                                         keepdims=True) * 8.0


def last_levels(asked):
    draft = Draft({REFERENCE: []})
    for factor in asked.factors:
        cell = label(factor, factor.levels[-1].label)
        draft.cells[cell] = [factor.levels[-1].patch]
        draft.contrasts.append(
            Contrast(cell, cell, pair(cell, REFERENCE), "last_levels", factor.name)
        )
    return draft


LOSSES = {"shifted": Loss(discriminator=shift, generator=raised)}
PENALTIES = {"brightness": brightness}
DATASETS = {"stripes": Dataset(load=stripes, channels=1, classes=4)}
NETWORKS = {"plain": Network(generator=make_generator, discriminator=make_discriminator),
            "half": Network(generator=make_generator)}
ENCODERS = {"pool": Encoder(build=pool, resolution=16)}
DESIGNS = {"last_levels": last_levels}
"""

TIPS = """
sources:
  L1: {author: A. Author, year: 2026, title: On shifts, link: "https://example.org/shifts"}
tips:
  shifted_loss:
    title: A shifted loss
    statement: Shift the targets of the least squares loss.
    claims:
      - {source: L1, effect: helps, gist: steeper where it counts}
      - {source: S0, effect: no_effect, gist: no loss outperforms}
    following: {loss.name: shifted}
    ignoring: {loss.name: least_squares}
"""

STUDY = """
title: Own
question: Do plug-ins work?
plugins: [own]
tips: tips.yaml
heuristics: [shifted_loss]
design: one_at_a_time
baseline: {data.name: digits, data.image_size: 16, generator.width: 8, discriminator.width: 8}
seeds: 2
"""


def write(folder, study=STUDY, module=MODULE, tips=TIPS):
    """A folder with a study and what lies next to it; the study's file."""
    folder.mkdir(exist_ok=True)
    (folder / "own.py").write_text(module)
    (folder / "tips.yaml").write_text(tips)
    (folder / "study.yaml").write_text(study)
    return folder / "study.yaml"


def install(folder, name, code, points, version="1.0"):
    """A package as pip would leave it in a folder; `points`: group → lines of entry points."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(code)
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    text = "\n".join(f"[{group}]\n{lines}" for group, lines in points.items())
    (info / "entry_points.txt").write_text(text)
