"""The benchmarks' own arithmetic, and that the tables in their README are those of the results."""

import importlib
import json
import subprocess
import sys
import time

import numpy as np
import pytest
from scipy import stats

from benchmarks import alike, cluster, cluster_bytes, cluster_model, measure, render, study
from benchmarks.apart import Apart
from benchmarks.measure import Row, Target, interleave, line, ratios, spread
from benchmarks.place import place
from harness import app
from harness.config.runtime import Runtime
from tests.unit.apart_action import ImportsTensorFlow


def test_the_tables_are_those_of_the_results():
    """`python -m benchmarks ROW` writes both; by hand, neither changes alone."""
    found = render.BLOCK.search(render.README.read_text("utf-8"))
    assert found, "benchmarks/README.md has lost its markers"
    assert found[0] == render.tables()


def test_every_result_belongs_to_a_row():
    files = list(measure.RESULTS.glob("*/*.json"))
    assert files
    assert {path.stem for path in files} <= set(measure.ROWS)


@pytest.mark.tf
@pytest.mark.parametrize("name", measure.ROWS)
def test_every_row_is_a_module(name):
    row = importlib.import_module(f"benchmarks.{name}").ROW
    assert row.name == name
    assert row.title
    assert callable(row.run)


def test_no_row_names_what_the_harness_has_no_longer():
    """As a row runs for minutes, nobody sees until then that it does not."""
    checked = [sys.executable, "-m", "mypy", "benchmarks"]
    ran = subprocess.run(checked, cwd=measure.ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.tf
def test_what_is_watched_is_timed_and_is_as_it_was_afterwards():
    from benchmarks import ours

    class Sleeper:
        def sleep(self):
            time.sleep(0.01)

    function = Sleeper.sleep
    with ours.watched(Sleeper, Sleeper.sleep) as watch:
        Sleeper().sleep()
        Sleeper().sleep()
    assert watch.calls == 2
    assert watch.seconds >= 0.02
    assert Sleeper.sleep is function


@pytest.mark.tf
def test_workers_take_random_weights_for_those_of_keras(tmp_path):
    """They are processes, which nothing that is set in this one reaches."""
    from benchmarks import memory
    from harness.gan import inception

    md5 = "0" * 32
    changed = memory.that_takes(md5, tmp_path / "tree") / "harness" / "gan" / "inception.py"
    assert f'V3_MD5 = "{md5}"' in changed.read_text()
    assert inception.V3_MD5 not in changed.read_text()


def test_a_spread_is_what_it_is_by_hand():
    assert spread([4.0, 1.0, 3.0, 2.0]) == {
        "median": 2.5,
        "q1": 1.75,
        "q3": 3.25,
        "min": 1.0,
        "max": 4.0,
        "n": 4,
    }


def test_ratios_are_those_of_pairs():
    """2/1, 6/2 and 4/4: the median is 2, where the ratio of the medians would be 4/2."""
    found = ratios([2.0, 6.0, 4.0], [1.0, 2.0, 4.0])
    assert (found["min"], found["median"], found["max"]) == (1.0, 2.0, 3.0)
    with pytest.raises(ValueError, match=r"longer|shorter"):
        ratios([1.0], [1.0, 2.0])


def test_a_ratio_says_how_many_times_better_ours_is():
    faster = line("steps", "images/s", [300.0], [200.0], Target("ratio", ">=", 1.5))
    sooner = line("seconds", "s", [200.0], [300.0], Target("ratio", ">=", 1.6))
    assert faster["ratio"]["median"] == sooner["ratio"]["median"] == 1.5
    assert faster["met"]
    assert not sooner["met"]
    assert "ratio" not in line("alone", "s", [1.0])


@pytest.mark.parametrize(
    ("relation", "below", "at", "above"),
    [(">=", False, True, True), ("<=", True, True, False), ("<", True, False, False)],
)
def test_targets(relation, below, at, above):
    target = Target("ours", relation, 2.0)
    assert [target.met(value) for value in (1.9, 2.0, 2.1)] == [below, at, above]


def test_ways_take_turns():
    calls = []
    ways = {name: lambda name=name: calls.append(name) or float(len(calls)) for name in "AB"}
    assert interleave("nothing", ways, 3) == {"A": [1.0, 3.0, 5.0], "B": [2.0, 4.0, 6.0]}
    assert calls == list("ABABAB")


def test_a_slow_machine_takes_fewer_turns(monkeypatch):
    monkeypatch.setattr(measure, "LONG", 0.0)
    assert interleave("nothing", {"A": lambda: 1.0}, 9) == {"A": [1.0] * measure.LEAST}


def test_steps_fill_the_time_that_they_are_given():
    assert measure.steps_in(0.05, lambda steps: time.sleep(0.01 * steps)) in range(2, 6)
    assert measure.steps_in(0.001, lambda steps: time.sleep(0.01 * steps)) == 1


def test_an_action_apart_does_not_have_what_the_harness_has_set(monkeypatch):
    """Also where its arguments come from a module that imports TensorFlow."""
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    action = Apart("tests.unit.apart_action:onednn", ImportsTensorFlow())
    assert action() == 0.0
    with pytest.raises(RuntimeError, match="ended"):
        Apart("tests.unit.apart_action:fails")()


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.0123, "0.012"), (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1,234")],
)
def test_numbers_have_no_exponent(value, shown):
    assert render.number(value) == shown


def test_a_written_result_is_whole_and_is_rendered(tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "RESULTS", tmp_path)
    monkeypatch.setattr(render, "RESULTS", tmp_path)
    row = Row("step", "Training step", lambda quick: {})
    lines = [line("a step", "s", [2.0, 2.0], [3.0, 3.0], Target("ratio", ">=", 2))]
    table = {"title": "By kind", "columns": ["kind", "ms"], "rows": [["Conv2D", 1.5]]}
    path = measure.write(row, {"lines": lines, "tables": [table]}, 12.0, quick=True)
    document = json.loads(path.read_text())
    assert [file.name for file in measure.folder().iterdir()] == ["step.json"]
    assert document["machine"].keys() >= {"date", "cpu", "cores", "memory_gb", "versions"}
    text = render.tables()
    assert text.startswith(f"### {document['machine']['cpu']}, ")
    assert "| a step (quick run) | s | 2.00 (2.00 to 2.00) | 3.00 (3.00 to 3.00) |" in text
    assert "| **1.50 ×** (1.50 to 1.50) |" in text
    assert "| ≥ 2 × | **no** |" in text
    assert "| Conv2D | 1.50 |" in text
    assert "Quick run" in text


def test_a_program_runs_in_a_folder_that_is_gone_afterwards():
    with place() as here:
        ran = here.run("platform")
        assert ran.seconds > 0
        assert ran.output.strip()
        assert here.environment["HARNESS_RUNS"].startswith(str(here.folder))
        with pytest.raises(RuntimeError, match="no_such_module"):
            here.run("no_such_module")
    assert not here.folder.exists()


@pytest.mark.tf
def test_multiply_adds_of_a_known_graph():
    """A loop with two gradients of a persistent tape, one of which is never used."""
    import tensorflow as tf

    from benchmarks.flops import multiply_adds

    kernel, dense = tf.Variable(tf.ones((3, 3, 2, 5))), tf.Variable(tf.ones((5, 7)))

    @tf.function
    def run(images, count):
        def body(number, total):
            with tf.GradientTape(persistent=True) as tape:
                maps = tf.nn.conv2d(images, kernel, strides=2, padding="SAME")  # (4, 4, 4, 5)
                loss = tf.reduce_sum(tf.reduce_mean(maps, axis=(1, 2)) @ dense)
            # recorded, never used: nothing of it is computed
            tape.gradient(loss, images)
            gradients = tape.gradient(loss, [kernel, dense])
            return number + 1, total + sum(tf.reduce_sum(gradient) for gradient in gradients)

        return tf.while_loop(lambda number, _: number < count, body, (0, 0.0))[1]

    graph = run.get_concrete_function(
        tf.TensorSpec((4, 8, 8, 2)), tf.TensorSpec((), tf.int32)
    ).graph
    convolution = 4 * 4 * 4 * 5 * (3 * 3 * 2)  # each output element: a window of 3 x 3 x 2
    product = 4 * 5 * 7
    # the convolution and its filter's gradient; the product's two gradients (its input's leads on
    # to the kernel), but not itself: nobody asks for the loss, and no gradient needs it
    assert multiply_adds(graph) == 2 * convolution + 2 * product


@pytest.mark.tf
def test_multiply_adds_of_transposed_and_batched_products():
    import tensorflow as tf

    from benchmarks.flops import multiply_adds

    @tf.function
    def run(x, y, flag):
        transposed = tf.nn.conv2d_transpose(x, y, (2, 8, 8, 3), strides=2)
        flat = tf.reshape(x, (2, 16, 6))
        batched = tf.matmul(flat, flat, transpose_a=True)  # (2, 6, 6) from 16
        chosen = tf.cond(flag, lambda: flat[0] @ tf.ones((6, 9)), lambda: tf.zeros((16, 9)))
        return transposed, batched, chosen

    shapes = [tf.TensorSpec((2, 4, 4, 6)), tf.TensorSpec((4, 4, 3, 6)), tf.TensorSpec((), tf.bool)]
    graph = run.get_concrete_function(*shapes).graph
    # each input element of a transposed convolution meets a window of 4 x 4 x 3
    assert multiply_adds(graph) == 2 * 4 * 4 * 6 * 48 + 2 * 6 * 6 * 16 + 16 * 9 * 6


@pytest.mark.tf
def test_products_of_a_size_known_only_when_run_are_left_out():
    import tensorflow as tf

    from benchmarks.flops import multiply_adds

    @tf.function
    def run(x):
        kept = tf.boolean_mask(x, x[:, 0] > 0)
        return kept @ tf.ones((6, 3)), x @ tf.ones((6, 3))

    graph = run.get_concrete_function(tf.TensorSpec((4, 6))).graph
    assert multiply_adds(graph) == 4 * 6 * 3


@pytest.mark.tf
def test_a_profile_names_operations():
    import tensorflow as tf

    from benchmarks.profile import by_operation

    matrix = tf.random.normal((256, 256))

    @tf.function
    def run():
        total = matrix
        for _ in range(20):
            total = tf.linalg.l2_normalize(total @ matrix)
        return total

    run()
    found = by_operation(lambda: run().numpy())
    assert {"MatMul", "Square"} <= set(found)
    assert all(0 < seconds < 5 for seconds in found.values())
    assert list(found.values()) == sorted(found.values(), reverse=True)


ALIKE = [10.0, 12.0, 11.0, 13.0]
ABOVE = [15.0, 17.0, 16.0, 18.0]


def test_whether_both_train_alike_is_read_from_the_numbers():
    """Equal means and spreads: Welch's interval is the pooled one, by hand."""
    mean, half = alike.difference(ABOVE, ALIKE)
    error = np.sqrt(2 * np.var(ALIKE, ddof=1) / 4)
    assert mean == 5
    assert half == pytest.approx(stats.t.ppf(0.975, 6) * error)
    assert "no difference can be told" in alike.verdict(ALIKE, [11.0, 12.0, 11.5, 13.0])
    assert "our KID is higher: ours less the baseline's is +5.00" in alike.verdict(ABOVE, ALIKE)
    assert "our KID is lower" in alike.verdict(ALIKE, ABOVE)


def test_what_the_default_comes_to_is_read_from_the_numbers():
    kids = {alike.EQUAL: ALIKE, alike.DEFAULT: ABOVE}
    said = alike.about_default(64, 300, kids)
    assert "0.995 a step here: the average reaches 199 steps back, the baseline's 100" in said
    assert "is another KID: +5.00" in said
    assert "cannot be told" in alike.about_default(64, 300, {**kids, alike.DEFAULT: ALIKE})


@pytest.mark.tf
@pytest.mark.parametrize("batch", [32, 64, 128, 256])
def test_equal_settings_are_those_of_the_baseline_a_step(batch):
    from benchmarks import keras_example, keras_parts
    from harness.config.patch import resolve
    from harness.gan.numbers import AUGMENTATION_GAIN, AVERAGE_RATE, _values

    values = _values(resolve([{"training.batch_size": batch}, study.equal_a_step(batch)]))
    assert values[AVERAGE_RATE] == pytest.approx(1 - keras_example.EMA)
    assert values[AUGMENTATION_GAIN] == pytest.approx(1 / keras_parts.INTEGRATION_STEPS)


def test_no_sentence_of_the_results_says_more_than_its_numbers():
    """What was once a constant beside tables that showed the opposite."""
    for path in measure.RESULTS.glob("*/*.json"):
        assert "alike" not in "".join(t["title"] for t in json.loads(path.read_text())["tables"])
    for path in measure.RESULTS.glob("*/alike.json"):
        result = json.loads(path.read_text())
        for table, note in zip(result["tables"], result["notes"][1:], strict=True):
            kids = dict(zip(table["columns"], zip(*table["rows"], strict=True), strict=True))
            assert alike.verdict(kids[alike.EQUAL], kids[alike.BASELINE]) in note


SHORT = cluster_model.Assumed(workers=16, node=4, failures=0.0, away=60.0, start=30.0, transfer=1.0)


def test_a_simulated_cluster_without_failures_takes_what_it_takes_by_hand():
    found = cluster_model.Model([100.0] * 32, SHORT).run()
    assert found.seconds == 30 + 2 * 100
    assert found.share == pytest.approx(200 / 230)
    assert (found.repeated, found.attempts, found.given_up) == (0.0, 32, 0)


def test_a_simulated_failure_costs_what_has_come_since_the_last_checkpoint():
    """One node fails at 200 s, 170 s after its trials began: two minutes of each are at home."""
    found = cluster_model.Model([250.0] * 4, SHORT._replace(workers=4, failures=200.0)).run()
    back = 200 + 60 + 30
    # its next failure, at 400 s, meets the same trials after 109 s more: one minute
    again = 400 + 60 + 30
    assert found.repeated == pytest.approx(50 + (400 - back - 1) - 60)
    assert found.seconds == again + 1 + 250 - 120 - 60
    assert found.attempts == 12


@pytest.mark.parametrize("seed", range(3))
def test_a_simulated_cluster_that_fails_loses_nothing_and_does_nothing_twice(seed):
    durations = cluster_model.scaled([50.0, 100.0, 200.0], 400.0, 300, seed)
    found = cluster_model.Model(durations, SHORT._replace(failures=50.0), seed).run()
    assert sorted(found.finished) == sorted(f"{n:x}" for n in range(300))
    assert found.attempts > 300
    assert found.given_up > 0  # some nodes fail three times on one trial
    assert found.work * 16 == pytest.approx(sum(durations))
    assert max(count for _, count in found.busy) <= 16


def test_the_model_of_a_cluster_is_drawn_and_tabled(tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "RESULTS", tmp_path)
    (lines, (table,), notes), (plot,) = cluster.model(quick=True)
    assert [one["ours"]["median"] for one in lines[4:]] == [0.0, 0.0]
    assert 0 < lines[0]["ours"]["median"] < 1
    assert table["rows"]
    assert "Assumed" in notes[0]
    assert (tmp_path / plot["file"]).exists()


def test_a_checkpoint_a_minute_is_most_of_what_an_hour_sends():
    assert cluster_bytes.hour(checkpoint=10.0, record=5.0, evaluations=4) == 5 + 10 * (60 + 5)


@pytest.mark.tf
def test_more_gpus_take_less_time_and_compile_more_often():
    from benchmarks import cost

    work = [cost.Training(f"cell {n % 3}", n // 3, 100.0, f"program {n % 3}") for n in range(12)]
    one, many = cost.take(work, 1), cost.take(work, 100)
    assert one.hours * 3600 == pytest.approx(cost.START + 1200 + 3 * cost.H200.compiling)
    assert many.hours * 3600 == pytest.approx(cost.START + 100 + cost.H200.compiling)
    assert many.busy - one.busy == pytest.approx(9 * cost.H200.compiling / 3600)
    assert many.reserved == pytest.approx(12 * many.hours)


@pytest.mark.tf
def test_the_cost_of_a_study_agrees_with_the_estimate_of_its_plan(tmp_path, monkeypatch):
    """Apart from what the plan counts too often: compiling by cell, not program; a second start."""
    from benchmarks import cost

    monkeypatch.setenv("HARNESS_RUNS", str(tmp_path / "runs"))
    work = cost.trainings("three_tips", "gpu")
    plan, _ = app.plan("three_tips", Runtime(), "gpu")
    forecast = app.cost(plan, Runtime())
    estimated = sum(part.estimates[0].seconds for part in (forecast, forecast.further))
    programs = len({one.structure for one in work})
    assert (len(work), programs, len(plan.cells)) == (48, 3, 4)
    more = (2 * 4 - programs) * cost.H200.compiling + cost.START
    assert cost.take(work, 1).hours * 3600 == pytest.approx(estimated - more, abs=0.01)


def test_the_rate_of_trials_is_that_once_all_workers_have_begun():
    rows = [cluster.Attempt("a", n, n + 1.0) for n in range(10)]  # alone for five seconds
    rows += [cluster.Attempt("b", 5.0 + n, 6.0 + n) for n in range(5)]
    assert cluster.steady(rows) == (2.0, 5.0)
