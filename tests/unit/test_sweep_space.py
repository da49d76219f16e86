"""What a study is as a sweep of W&B, and that its plan keeps what was declared first."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness import app
from harness.app.running import write_plan
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.files import write_json
from harness.mirror.sweep import study_sweep
from harness.plan.reach import Reach
from harness.runs.plan import read_plan

HEAD = "title: T\nquestion: Q?\nbaseline: {data.name: digits, data.image_size: 16}\n"
SEARCH = """design: search
seeds: 1
search:
  trials: 7
  space:
    optimizer.generator.learning_rate: {low: 1.0e-5, high: 1.0e-3, log: true}
    generator.width: {low: 16, high: 48, step: 16}
    loss.name: {choices: [hinge, non_saturating]}
"""
TIP = "heuristics: [adam_beta_1_half]\ndesign: one_at_a_time\n"


@pytest.fixture
def planned(tmp_path: Path):
    def go(text):
        (tmp_path / "s.yaml").write_text(HEAD + text)
        return app.plan(str(tmp_path / "s.yaml"), Runtime(runs=tmp_path / "runs"), None, {})[0]

    return go


def test_a_search_is_its_ranges(planned):
    found = study_sweep(planned(SEARCH), "s", "p")
    assert (found["method"], found["run_cap"]) == ("bayes", 7)
    assert found["parameters"] == {
        "optimizer.generator.learning_rate": {
            "distribution": "log_uniform_values", "min": 1e-5, "max": 1e-3
        },
        "generator.width": {"values": [16, 32, 48]},
        "loss.name": {"values": ["hinge", "non_saturating"]},
    }  # fmt: skip


def test_what_no_sweep_can_ask_for_is_refused(planned):
    with pytest.raises(HarnessError, match="spectral_norm is no knob"):
        study_sweep(planned(SEARCH + "heuristics: [spectral_norm]\n"), "s", "p")
    tuned = "seeds: 2\ntune: {values: {training.ema: [0.9, 0.99]}, seeds: [7]}\n"
    with pytest.raises(HarnessError, match="a study that tunes is no sweep"):
        study_sweep(planned(TIP + tuned), "s", "p")


def test_what_was_declared_before_the_first_trial_ended_is_kept(planned, tmp_path: Path):
    runtime = Runtime(runs=tmp_path / "runs")
    plan = planned(TIP + "seeds: 2\n")
    write_plan(plan, runtime)
    changed = planned(TIP + "seeds: 3\n")
    assert write_plan(changed, runtime).declared["seeds"] == [0, 1, 2]  # nothing has ended
    write_json(runtime.trials / plan.trials[0].key / "result.json", {"status": "finished"})
    again = write_plan(planned(TIP + "seeds: 4\n"), runtime)
    assert (again.declared["seeds"], again.seeds) == ([0, 1, 2], (0, 1, 2, 3))
    assert read_plan(runtime.study(plan.run_name) / "plan.json") == again


def test_drawn_flips_bound_the_smallest_p():
    reach = Reach(seeds=13, contrasts=3, alpha=0.05)
    assert reach.smallest_p == 1 / 2**12
    assert replace(reach, seeds=20).smallest_p == 1 / 10_000
