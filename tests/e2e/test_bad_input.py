"""Bad input on the real command line: one clear message, exit code 2, nothing half-written."""

import numpy as np
import pytest
from PIL import Image

from harness.config.runtime import Runtime
from tests.e2e.place import Place
from tests.encoder_files import described

HEAD = """title: T
question: Q?
baseline:
  data.name: digits
  data.image_size: 16
"""
TIP = "heuristics: [generator_ema]\n"
GOOD = HEAD + TIP
FOLDER = """title: T
question: Q?
baseline:
  data.name: folder
  data.path: photos
heuristics: [generator_ema]
"""


def files(place):
    return {path: path.stat().st_mtime_ns for path in place.folder.rglob("*")}


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.fixture
def call(place, monkeypatch):
    """The command line in this process, which starts no worker."""
    monkeypatch.setattr(
        "harness.execution.driver.drive", lambda *_: pytest.fail("a worker was about to be started")
    )
    return place.call


# study, arguments after the verb, what is said
STUDIES = {
    "unknown key": (GOOD + "seed: 3\n", "studies/one.yaml:7: unknown key 'seed'; did you mean"),
    "unknown knob": (
        GOOD + "factors:\n  discriminator.droput: [0.1]\n",
        "studies/one.yaml:8: unknown knob 'discriminator.droput'; did you mean "
        "'discriminator.dropout'?",
    ),
    "unknown heuristic": (
        HEAD + "heuristics:\n  - generator_ena\n",
        "studies/one.yaml:7: unknown heuristic 'generator_ena'; did you mean 'generator_ema'?",
    ),
    "wrong type": (
        HEAD + "  training.batch_size: many\n" + TIP,
        "studies/one.yaml:6: training.batch_size: Input should be a valid integer (given: 'many')",
    ),
    "out of bounds": (
        HEAD + "  discriminator.dropout: 1.5\n" + TIP,
        "studies/one.yaml:6: discriminator.dropout: Input should be less than 1 (given: 1.5)",
    ),
    "clash": (
        HEAD + "  loss.name: hinge\n  loss.label_smoothing: 0.1\n" + TIP,
        "studies/one.yaml:7: cell 'reference': loss.label_smoothing clashes with loss.name",
    ),
    "malformed YAML": (
        GOOD + "factors: [1, 2\nseeds: 3\n",
        "studies/one.yaml:8: malformed YAML: expected ',' or ']'",
    ),
    "duplicate factor": (
        GOOD + "factors:\n  training.ema: [0.5]\n  training.ema: [0.9]\n",
        "studies/one.yaml:9: the key 'training.ema' is given twice",
    ),
    "duplicate tip": (
        HEAD + "heuristics:\n  - generator_ema\n  - generator_ema\n",
        "studies/one.yaml:8: the factor 'generator_ema' is given twice",
    ),
    "empty design": (HEAD, "studies/one.yaml: the design is empty"),
    "empty file": ("", "studies/one.yaml: must be a mapping"),
    "missing folder": (
        FOLDER,
        "studies/one.yaml:5: cell 'reference': data.path: photos is neither a folder",
    ),
    "missing encoder": (
        HEAD + "  evaluation.encoder: nets/mine.keras\n" + TIP,
        "studies/one.yaml:6: cell 'reference': evaluation.encoder: there is no file nets/mine",
    ),
}


@pytest.mark.parametrize("verb", ["plan", "run"])
@pytest.mark.parametrize("case", STUDIES)
def test_a_bad_study(place, call, case, verb):
    text, said = STUDIES[case]
    place.write(text)
    before = files(place)
    code, output, errors = call(verb, "one")
    assert (code, output) == (2, "")
    assert errors.startswith(f"harness: {said}")
    assert errors.count("\n") == 1
    assert files(place) == before


def test_an_empty_folder_and_one_without_images(place, call):
    place.write(FOLDER)
    (place.folder / "photos").mkdir()
    for name in ("", "notes.txt", ".hidden.png"):
        if name:
            (place.folder / "photos" / name).write_text("x")
        code, output, errors = call("run", "one")
        assert (code, output) == (2, "")
        assert (
            "studies/one.yaml:5: cell 'reference': data.path: photos contains no images" in errors
        )
    assert not (place.folder / "runs").exists()


ARGUMENTS = {
    "unknown study": (["plan", "on"], "unknown study 'on'; did you mean 'one'?"),
    "a study outside": (
        ["plan", "../one"],
        "'../one' is not a study: give the name of one (",
    ),
    "a study below": (
        ["run", "studies/one"],
        "'studies/one' is not a study: give the name of one (",
    ),
    "a separator at the end": (
        ["run", "one/"],
        "'one/' is not a study: give the name of one (",
    ),
    "no file": (["run", "studies/two.yaml"], "there is no study file studies/two.yaml"),
    "a name for no run": (
        ["plan", "My-Study.yaml"],
        "My-Study.yaml: the name of a study consists of a to z, 0 to 9 and _",
    ),
    "unknown profile": (["plan", "one", "--profile", "cpu"], "unknown profile 'cpu'"),
    "--set without value": (["plan", "one", "--set", "training.ema"], "--set training.ema: write"),
    "--set of no knob": (
        ["plan", "one", "--set", "training.emma=1"],
        "--set training.emma=1: unknown knob 'training.emma'; did you mean 'training.ema'?",
    ),
    "--set out of bounds": (
        ["run", "one", "--set", "training.ema=1"],
        "--set training.ema=1: training.ema: Input should be less than 1 (given: 1)",
    ),
    "--set that clashes": (
        ["run", "one", "--set", "penalties.clipping.limit=0.01"],
        "studies/one.yaml, command line: cell 'reference': penalties.clipping.limit clashes with",
    ),
    "--set that is long": (
        ["plan", "one", "--set", f"data.path={'w' * 100_000}"],
        "--set data.path=www",
    ),
    "--set twice": (
        ["plan", "one", "--set", "training.ema=0.5", "--set", "training.ema=0.9"],
        "--set training.ema=0.9: training.ema is given twice, also as 0.5",
    ),
    "--set beyond all numbers": (
        ["plan", "one", "--set", "generator.width={times: 1.0e+308}"],
        "studies/one.yaml",
    ),
    "--set of a batch of none, and epochs of it": (
        ["plan", "one", "--set", "training.batch_size={times: 0}", "--set", "training.epochs=1"],
        "studies/one.yaml",
    ),
    "a longest training": (
        ["plan", "one", "--set", "training.kimg=1.0e+308"],
        "--set training.kimg=1.0e+308: training.kimg: Input should be less than or equal to",
    ),
    "a file's name that is too long": (["plan", "w" * 300 + ".yaml"], "'www"),
    "a run that is a path": (["compare", "../x", "../y"], "'../x' is not a run name"),
    "no metric": (
        ["evaluate", "one", "--metric", "fid"],
        "studies/one.yaml, command line: cell 'reference': evaluation.protocol: unknown protocol",
    ),
    "nothing to evaluate": (
        ["evaluate", "one", "--metric", "blocks"],
        "one: no trial has been trained yet",
    ),
    "nothing to report": (["report", "one"], "unknown run 'one'; there are none here"),
    "no trial": (["show", "0123abcd"], "unknown trial '0123abcd'; there are none here"),
    "no cell": (
        ["samples", "one", "--cell", "referenc"],
        "unknown cell 'referenc'; did you mean 'reference'?",
    ),
    "no tip": (["heuristics", "emma"], "unknown heuristic 'emma'"),
    "a word for --retry": (["run", "one", "--retry", "all"], "--retry: unknown value 'all'"),
}


@pytest.mark.parametrize("case", ARGUMENTS)
def test_a_bad_command(place, call, case):
    place.write(GOOD)
    (place.folder / "My-Study.yaml").write_text(GOOD)
    before = files(place)
    arguments, said = ARGUMENTS[case]
    code, output, errors = call(*arguments)
    assert (code, output) == (2, "")
    assert errors.startswith(f"harness: {said}")
    assert errors.count("\n") == 1
    assert len(errors) < 800
    assert files(place) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "one", "--workers", "1000000000"],
        ["run", "one", "--max-hours", "nan"],
        ["self-check", "one", "--seeds", "1000000000"],
        ["samples", "one", "--count", "1000000000000"],
    ],
)
def test_a_number_without_an_end(place, call, arguments):
    place.write(GOOD)
    code, output, errors = call(*arguments)
    assert (code, output) == (2, "")
    assert arguments[-2] in errors


def test_variables_that_are_set_to_nothing(place, call, monkeypatch):
    """They are as if they were not set: the folder that one is in is no runs folder."""
    place.write(GOOD)
    for name in ("RUNS", "REPORTS", "STUDIES", "STORAGE"):
        monkeypatch.setenv(f"HARNESS_{name}", "")
    runtime = Runtime()
    assert [str(path) for path in (runtime.runs, runtime.reports, runtime.studies)] == [
        "runs", "reports", "studies"
    ]  # fmt: skip


@pytest.mark.parametrize("blocked", ["runs", "runs/studies"])
def test_a_runs_folder_that_cannot_be_written(place, call, blocked):
    """A file in its place: root may write in a read-only folder."""
    place.write(GOOD)
    (place.folder / blocked).parent.mkdir(exist_ok=True)
    (place.folder / blocked).write_text("in the way")
    before = files(place)
    assert "to train" in place.call("plan", "one")[1]  # planning needs no place
    code, _, errors = call("run", "one")
    assert code == 2
    assert errors == "harness: runs/studies/one: cannot be written (Not a directory)\n"
    assert files(place) == before


@pytest.mark.parametrize("case", ["unknown heuristic", "malformed YAML", "clash"])
def test_in_a_process_of_its_own_too(place, case):
    text, said = STUDIES[case]
    place.write(text)
    before = files(place)
    code, output, errors = place.ended("run", "one")
    assert (code, output) == (2, "")
    assert errors.startswith(f"harness: {said}")
    assert "Traceback" not in errors
    assert files(place) == before


RUN = """title: T
question: Q?
baseline:
  data.image_size: 16
  training.batch_size: 8
  training.kimg: 0.08
  training.evaluations: 1
"""


def begun(place):
    """The folder of the one trial that was begun: it has no result, and failed in no attempt."""
    [folder] = place.folder.glob("runs/trials/*")
    assert not (folder / "result.json").exists()
    assert not (folder / "failure.json").exists()
    assert not (place.folder / "reports").exists()
    return folder


@pytest.mark.tf
@pytest.mark.slow
def test_an_encoder_that_is_no_model_and_an_image_that_is_none(place):
    """What only the worker can see: the image is named and left out, the encoder ends the run."""
    photos = place.folder / "photos"
    photos.mkdir()
    for number in range(39):
        pixels = np.full((16, 16, 3), 6 * number, np.uint8)
        Image.fromarray(pixels).save(photos / f"{number}.png")
    (photos / "broken.png").write_text("no image")
    described(place.folder / "mine.keras")  # which has no weights
    place.write(
        f"{RUN}  data.name: folder\n  data.path: photos\n  data.validation_fraction: 0.5\n"
        "  evaluation.encoder: mine.keras\n  evaluation.protocol: subsets\n"
        f"  evaluation.subset_size: 8\n{TIP}seeds: 1\n"
    )
    code, _, errors = place.ended("run", "one", "--workers", "1")
    assert code == 2
    assert errors.startswith("harness: ")
    assert "mine.keras" in errors
    assert "Traceback" not in errors
    log = (begun(place) / "log.txt").read_text()
    assert "is unreadable and left out: broken.png" in log


@pytest.mark.tf
@pytest.mark.slow
def test_a_data_set_that_is_absent(place):
    """Its folder is there and empty, so nothing is downloaded."""
    (place.folder / "tfds/cifar10/3.0.2").mkdir(parents=True)
    place.environment["TFDS_DATA_DIR"] = str(place.folder / "tfds")
    place.write(f"{RUN}  data.name: cifar10\n{TIP}seeds: 1\n")
    code, _, errors = place.ended("run", "one", "--workers", "1")
    assert code == 2
    assert errors.startswith("harness: data set 'cifar10' is absent: looked for in ")
    assert "set TFDS_DATA_DIR=<folder that holds cifar10>" in errors
    assert "Traceback" not in errors
    assert begun(place)
