"""Optimised graphs on disk: loaded ones give the bits of traced ones, and nothing can go wrong."""

import os
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from harness.config.patch import resolve
from harness.gan import devices, graph_cache
from harness.gan.data import load_images
from harness.gan.evaluate import Evaluator, _kept
from harness.gan.graph_cache import ABOUT, DEFINITION, KEPT, GraphCache
from harness.gan.labels.labelled import gathered
from harness.gan.train import program
from harness.gan.train.program import Programs
from tests.conftest import TINY
from tests.training import batches_of, labels_of

pytestmark = pytest.mark.tf

FUNCTIONS = 3  # of a program of one member with a penalty: the loop, the generator, the pulls
PENALISED = {
    **TINY,
    "augmentation.policy": "adaptive",
    "discriminator.spectral_norm": True,
    "penalties.gradient.weight": 10.0,
    "labels.conditioning": "acgan",
    "training.discriminator_steps": 2,
}
SMALL = {**TINY, "augmentation.policy": "none"}


def programs(folder):
    """Those of another process, as far as a cache is concerned."""
    return Programs(graphs=graph_cache.open_cache(folder, {"device": "CPU", "xla": False}))


def trained(store, knobs, seed=0):
    """Three iterations, images and pulls: all numbers that a program gives; and the program."""
    config = resolve([knobs, {"seed": seed}])
    made = store.get(config)
    made.reset(config, labels_of(config))
    batches, updates = batches_of(config), config.training.discriminator_steps
    first = made.run(*batches.call(0, 2, updates), 0)
    first += made.run(*batches.call(first, 1, updates), first)
    values = {**made.gan.variables(), **made.loop.variables()}
    numbers = {name: np.asarray(tf.convert_to_tensor(value)) for name, value in values.items()}
    images, indices = batches.call(2, 1, updates)
    numbers |= made.pulls(gathered(images, indices[0, -1, : config.pass_images]), 2)
    numbers["images"] = made.generate(inputs_of(config)).numpy()
    return numbers, made


def inputs_of(config):
    latents = np.random.default_rng(0).standard_normal((4, config.generator.noise_size))
    labels = np.arange(4, dtype=np.int32) if config.labels.of_images else None
    return program.together(latents.astype(np.float32), labels)


def same(one, two):
    assert one.keys() == two.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, two[name], err_msg=name)


def test_a_loaded_program_gives_the_bits_of_a_traced_one(tmp_path):
    """Of the trial that it was stored by and, since numbers are variables, of every other."""
    fresh, _ = trained(Programs(), PENALISED)
    stored, first = trained(programs(tmp_path), PENALISED)
    assert first.loop.traces == 1
    assert len(entries(tmp_path)) == FUNCTIONS
    store = programs(tmp_path)
    loaded, second = trained(store, PENALISED)
    assert second.loop.traces == 0
    same(fresh, stored)
    same(fresh, loaded)
    other = {**PENALISED, "penalties.gradient.weight": 1.0, "loss.label_smoothing": 0.1}
    expected, _ = trained(Programs(), other, seed=3)
    found, third = trained(store, other, seed=3)
    assert third is second
    same(expected, found)
    assert not np.array_equal(found["images"], loaded["images"])


def test_a_variable_that_a_program_does_not_use_in_the_end_is_no_hindrance(tmp_path):
    """BEGAN has one; the optimised graph lacks it among its inputs."""
    knobs = {**SMALL, "loss.name": "began"}
    expected, _ = trained(programs(tmp_path), knobs)
    found, second = trained(programs(tmp_path), knobs)
    assert second.loop.traces == 0
    same(expected, found)


def entries(folder):
    return sorted(path for path in folder.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with what a small program stores, and the numbers of its trial."""
    folder = tmp_path_factory.mktemp("graphs")
    numbers, _ = trained(programs(folder), SMALL)
    return folder, numbers


@pytest.mark.parametrize("name", [ABOUT, DEFINITION])
def test_a_damaged_entry_is_made_again(small, name, capsys):
    folder, expected = small
    for path in entries(folder):
        content = bytearray((path / name).read_bytes())
        content[len(content) // 2] ^= 1
        (path / name).write_bytes(content)
    found, made = trained(programs(folder), SMALL)
    assert made.loop.traces == 1
    assert f"had a damaged {name}: rebuilt" in capsys.readouterr().err
    same(expected, found)
    found, made = trained(programs(folder), SMALL)
    assert made.loop.traces == 0
    same(expected, found)


def test_an_entry_of_other_variables_is_not_used(small, monkeypatch):
    """As if two structures had one name: what does not fit is traced."""
    folder, expected = small
    monkeypatch.setattr(graph_cache, "handles_of", lambda variables: {})
    found, made = trained(programs(folder), SMALL)
    assert made.loop.traces == 1
    same(expected, found)


@pytest.mark.parametrize("number", range(5))
def test_other_code_libraries_processor_or_settings_are_other_entries(
    small, tmp_path, monkeypatch, number
):
    folder, _ = small
    place = GraphCache(folder, {}).keeping("structure", dict)
    before = place("loop", None)._folder
    parts = list(graph_cache.environment())
    parts[number] = "another"
    monkeypatch.setattr(graph_cache, "environment", lambda: parts)
    assert place("loop", None)._folder != before


def test_settings_of_tensorflow_are_part_of_an_entry(tmp_path):
    def folder():
        return GraphCache(tmp_path, {}).keeping("structure", dict)("loop", None)._folder

    before = folder()
    assert folder() == before
    try:
        tf.config.optimizer.set_experimental_options({"remapping": False})
        assert folder() != before
    finally:
        tf.config.optimizer.set_experimental_options({"remapping": None})


def test_threads_and_kernels_are_part_of_an_entry(tmp_path):
    one, two = (GraphCache(tmp_path, {"threads": threads}) for threads in (1, 2))
    assert (
        one.keeping("structure", dict)("loop", None)._folder
        != two.keeping("structure", dict)("loop", None)._folder
    )


def test_the_environment_holds_code_versions_and_settings(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "another")
    code, libraries, _, _, _, settings = graph_cache.environment.__wrapped__()
    assert "gan/train/step.py" in code
    assert {tf.__version__, np.__version__} <= set(libraries)
    assert settings["TF_ENABLE_ONEDNN_OPTS"] == "another"


def test_a_file_in_place_of_the_folder_costs_nothing_but_time(small, tmp_path):
    (tmp_path / "graphs").write_text("")
    found, made = trained(programs(tmp_path / "graphs"), SMALL)
    assert made.loop.traces == 1
    same(small[1], found)


def test_the_oldest_entries_make_room(small, tmp_path, monkeypatch):
    monkeypatch.setattr(graph_cache, "KEPT", 1)
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        os.utime(tmp_path / str(number), (number, number))
    trained(programs(tmp_path), SMALL)
    [left] = entries(tmp_path)
    assert left.name not in "012"
    assert KEPT > 100  # more than any study has structures


def test_gpus_xla_and_plugins_have_no_cache(tmp_path, monkeypatch):
    """Theirs is not known to be whole: compiling by XLA, and what a plug-in's code reads."""
    assert graph_cache.open_cache(tmp_path, {"device": "A GPU", "xla": False}) is None
    assert graph_cache.open_cache(tmp_path, {"device": "CPU", "xla": True}) is None
    given = []
    monkeypatch.setattr(program, "Program", lambda *arguments: given.append(arguments[-1]))
    monkeypatch.setattr(program, "used", lambda config: iter(["a plug-in"]))
    programs(tmp_path).get(resolve([SMALL]))
    assert given == [None]


def test_a_worker_has_a_cache_on_the_cpu(tmp_path, monkeypatch):
    from harness.config.runtime import Runtime
    from harness.execution.worker import drain
    from harness.runs.plan import PlanRecord

    monkeypatch.setattr(devices, "configure", lambda *_: {"device": "CPU", "xla": False})
    plan = PlanRecord(
        run_name="x", study="x", profile=None, title="", question="", seeds=(0,), cells=(),
        trials=(),
    )  # fmt: skip
    context = drain.prepare(plan, Runtime(runs=tmp_path / "runs"), lambda: False)
    assert isinstance(context.programs.graphs, GraphCache)


def test_an_encoder_of_ours_is_loaded_and_one_of_a_users_is_left(tmp_path, cache):
    config = resolve([SMALL, {"evaluation.encoder": "classifier"}])
    images = load_images(config.data, cache)
    graphs = graph_cache.open_cache(tmp_path, {"device": "CPU", "xla": False})
    fresh, stored, loaded = (
        Evaluator(config, images, cache, each) for each in (None, graphs, graphs)
    )
    shown = np.asarray(images.train[:100])
    expected = fresh._encoder(shown)
    np.testing.assert_array_equal(stored._encoder(shown), expected)
    loaded._encoder.features._function = None  # nothing to trace
    np.testing.assert_array_equal(loaded._encoder(shown), expected)
    other = replace(fresh._encoder, weights=())
    assert _kept(other, graphs, images, "bilinear") is other
