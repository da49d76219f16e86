"""KID evaluation: generation, encoding and estimate, the baseline's metric against the harness'."""

import hashlib
import os
import tempfile
from pathlib import Path

import keras

from benchmarks import ours
from benchmarks.apart import Apart
from benchmarks.keras_data import Settings
from benchmarks.keras_parts import KID_IMAGE_SIZE
from benchmarks.measure import Result, Row, Target, interleave, line, seconds
from harness.gan import inception

SIZE, WIDTH, BLOCK = 32, 64, 128
IMAGES = 5000


def run(quick: bool) -> Result:
    images = IMAGES // 4 if quick else IMAGES
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        inception.V3_MD5 = random_inception(Path(folder) / "models")
        os.environ["KERAS_HOME"] = folder
        scorer = _scorer(images, Path(folder) / "cache")
        baseline = _baseline(images)
        estimates: list[float] = []
        varieties: list[float] = []

        def score() -> float:
            estimating, comparing = ours.watched_metrics()
            with estimating as estimated, comparing as compared:
                total = seconds(scorer.score)
            estimates.append(100 * estimated.seconds / total)
            varieties.append(100 * compared.seconds / total)
            return total

        score()  # traces
        estimates.clear(), varieties.clear()
        what = f"KID of {images // BLOCK * BLOCK:,} images, InceptionV3 at 75 px"
        ways = {"ours": score, "baseline": baseline}
        values = interleave(what, ways, 2 if quick else 5)
    return {
        "lines": [
            line(what, "s", values["ours"], values["baseline"], Target("ratio", ">=", 1.9)),
            line(
                "of it: the estimates (KID, and KID against two halves)",
                "%",
                estimates,
                target=Target("ours", "<", 5),
            ),
            line("of it: fidelity and variety, which the baseline lacks", "%", varieties),
        ],
        "notes": [
            f"Random weights; {SIZE} px, width {WIDTH}, blocks of {BLOCK}, a process each, default "
            "threads. The harness encodes the real images once a data set; that is not timed, as "
            "it is once for a whole study. It also estimates KID against two halves of them, and "
            "precision, recall, density and coverage, which the baseline does not.",
        ],
    }


def random_inception(folder: Path) -> str:
    """Weights where the harness looks for them, and their MD5, which it is to take for Keras'.

    ImageNet's make no difference to time or memory.
    """
    folder.mkdir(parents=True)
    shape = (KID_IMAGE_SIZE, KID_IMAGE_SIZE, 3)
    model = keras.applications.InceptionV3(include_top=False, weights=None, input_shape=shape)
    # half of what a ReLU is given is lost; without this the features fade with depth
    model.set_weights([w * 2**0.5 if w.ndim == 4 else w for w in model.get_weights()])
    file = folder / inception.V3_WEIGHTS
    model.save(file)
    return hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()


def _scorer(images: int, cache: Path) -> ours.Scorer:
    config = ours.config(SIZE, WIDTH, 64, evaluation__protocol="keras75")
    return ours.Scorer(config, ours.noise_images(images, SIZE), cache)


def _baseline(images: int) -> Apart:
    settings = Settings(
        image_size=SIZE, width=WIDTH, batch_size=BLOCK, samples=images // BLOCK * BLOCK
    )
    return Apart("benchmarks.keras_actions:evaluation", settings)


ROW = Row("evaluation", "KID evaluation", run)
