"""Memory: the peak resident size of a worker that trains a CIFAR-10 trial as shipped studies do."""

import shutil
from pathlib import Path

from benchmarks.evaluation import random_inception
from benchmarks.measure import ROOT, Result, Row, Target, line, say
from benchmarks.place import Place, place, resident_gb
from harness.gan import inception

BASELINE = {
    "data.name": "cifar10",
    "data.image_size": 32,
    "generator.width": 64,
    "discriminator.width": 64,
    "training.batch_size": 64,
    "training.evaluations": 2,
    "evaluation.samples": 2048,
}


def run(quick: bool) -> Result:
    peaks = []
    rounds = 1 if quick else 3
    for number in range(rounds):
        with place() as here:
            peaks.append(_peak(here, 50 if quick else 400))
        say(f"memory: round {number + 1} of {rounds}, {peaks[-1]:.2f} GB")
    return {
        "lines": [
            line("peak resident, CIFAR-10 trial", "GB", peaks, target=Target("ours", "<=", 2.0))
        ],
        "notes": [
            "The largest process of a fresh `harness run` of two trials with the shipped profile "
            "`cpu` (32 px, width 64, batch 64, InceptionV3 at 75 px with random weights, 2,048 "
            "images), two evaluations; pages of memory-mapped images count. GB are 2³⁰ bytes.",
        ],
    }


def _peak(here: Place, steps: int) -> float:
    tree = that_takes(random_inception(here.folder / "keras" / "models"), here.folder / "tree")
    study = {
        "title": "Memory",
        "question": "How much?",
        "baseline": {**BASELINE, "training.kimg": steps * 64 / 1000},
        "factors": {"optimizer.generator.beta_1": [0.9]},
        "design": "one_at_a_time",
        "seeds": 1,
    }
    here.study("memory", study)
    sizes: list[float] = []
    here.run("harness", "run", "memory", look=lambda pid: sizes.append(resident_gb(pid)), tree=tree)
    return max(sizes)


def that_takes(md5: str, tree: Path) -> Path:
    """A copy of the harness for which weights of this MD5 are Keras': workers are processes."""
    shutil.copytree(ROOT / "harness", tree / "harness")
    file = tree / "harness" / Path(inception.__file__).relative_to(ROOT / "harness")
    file.write_text(file.read_text().replace(inception.V3_MD5, md5))
    return tree


ROW = Row("memory", "Memory", run)
