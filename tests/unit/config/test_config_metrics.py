"""The key `metrics` of a study: further metrics, checked like the evaluation, in no key."""

import pytest

from harness.cli.printing import show_forecast
from harness.config.further import NAMES, scorings
from harness.config.identity import key, metric_request
from harness.config.patch import unflatten
from harness.config.runtime import Runtime
from harness.config.study import read
from harness.core.errors import HarnessError
from harness.execution.ended import answered
from harness.plan.expand import expand_study
from harness.plan.forecast import forecast_cost, missing
from harness.runs.plan import PlanRecord
from harness.runs.status import Status
from tests.encoder_files import described
from tests.records import record

STUDY = """title: T
question: Q?
heuristics: [generator_ema]
seeds: 2
baseline: {data.name: digits, evaluation.samples: 300, training.evaluations: 5}
"""


@pytest.fixture
def expand(tmp_path):
    """Expand a study with these lines at its end."""

    def go(text="", changes=None):
        (tmp_path / "a.yaml").write_text(STUDY + text)
        return expand_study(read("a", tmp_path), None, changes or {}, tmp_path / "cache")

    go.folder = tmp_path
    return go


def test_further_metrics_change_no_key_and_no_request(expand):
    before = expand()
    plan = expand("metrics: [keras75, {protocol: blocks, encoder: classifier}]\n")
    assert [trial.key for trial in plan.trials] == [trial.key for trial in before.trials]
    assert [cell.config for cell in plan.cells] == [cell.config for cell in before.cells]
    assert len(plan.metrics) == 2
    own, first, second = scorings(plan.cells[0].config, plan.metrics)
    assert own == plan.cells[0].config
    assert (own.evaluation.encoder, first.evaluation.encoder) == ("classifier", "inception_v3")
    assert (second.evaluation.protocol, second.evaluation.encoder) == ("blocks", "classifier")
    # what it leaves out is the default, and not what the study's own metric has
    assert (own.evaluation.samples, second.evaluation.samples) == (300, None)
    assert len({metric_request(each) for each in (own, first, second)}) == 3
    assert {key(each) for each in (own, first, second)} == {key(own)}


def test_the_record_of_a_plan_holds_them_and_that_of_others_has_no_such_key(expand):
    plan = expand("metrics: [blocks]\n")
    document = plan.to_json()
    again = PlanRecord.parse(document, expand.folder)
    assert [dict(metric) for metric in again.metrics] == [dict(each) for each in plan.metrics]
    config = unflatten(again.cells[0].config)
    assert scorings(config, again.metrics) == scorings(plan.cells[0].config, plan.metrics)
    assert "metrics" not in expand().to_json()


SAME = "{protocol: subsets, encoder: classifier, samples: 300}"


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        (f"[{SAME}]", r"a\.yaml:6: metrics: this metric is that of the study itself \(protocol "),
        ("\n- blocks\n- {protocol: blocks}", r"a\.yaml:8: .* is the one of .*a\.yaml:7 \("),
    ],
)
def test_a_metric_that_is_given_twice_in_other_words_is_a_mistake(expand, metrics, said):
    with pytest.raises(HarnessError, match=said):
        expand(f"metrics: {metrics}\n")


def test_a_one_off_change_to_a_further_metric_leaves_it_out(expand):
    """As `--set` and `harness evaluate` do."""
    changes = {"evaluation.protocol": "blocks", "evaluation.samples": None}
    assert len(expand("metrics: [blocks]\n").metrics) == 1
    assert expand("metrics: [blocks]\n", changes).metrics == ()


def test_a_plan_names_them(expand, capsys):
    plan = expand("metrics: [{protocol: blocks, encoder: classifier, resizer: bilinear}]\n")
    show_forecast(forecast_cost(plan, Runtime(runs=expand.folder / "runs"), 1), "why")
    said = "Scored by a further metric, too: protocol blocks, encoder classifier"
    assert said in capsys.readouterr().out


def test_an_encoder_of_the_users_is_known_by_its_content(expand):
    path = described(expand.folder / "mine.keras")
    text = f"metrics:\n- {{protocol: subsets, encoder: {path}}}\n"
    (metric,) = expand(text).metrics
    assert metric["evaluation.encoder_content"]
    path.unlink()
    with pytest.raises(HarnessError, match=r"a\.yaml:7: .*mine\.keras"):
        expand(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("metrics: [kers75]\n", "a.yaml:6: metrics: protocol: unknown protocol 'kers75'; did you "
         "mean 'keras75'?"),
        ("metrics:\n- blocks\n- {encodr: classifier}\n", "a.yaml:8: unknown setting of a metric "
         "'encodr'; did you mean 'encoder'?"),
        ("metrics:\n- {resolution: big}\n", "a.yaml:7: "),
        ("metrics:\n- {encoder_content: abc}\n", "a.yaml:7: unknown setting of a metric"),
        ("metrics: 5\n", "a.yaml:6: metrics: a list is needed, such as [blocks] (given: 5)"),
        ("metrics: [3]\n", "a.yaml:6: metrics.0: a further metric is a protocol (keras75, "),
        ("metrics: [{}]\n", "a.yaml:6: metrics.0: a further metric is a protocol (keras75, "),
        ("metrics:\n- {encoder: 5}\n", "a.yaml:7: metrics: encoder: Input should be a valid "
         "string (given: 5)"),
        ("metrics:\n- {protocol: keras75, encoder: classifier}\n", "a.yaml:7: "),
        ("metrics:\n- {samples: 5000}\n", "a.yaml:7: "),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_line(expand, text, said):
    with pytest.raises(HarnessError) as error:
        expand(text)
    assert said in str(error.value)
    assert "encoder_content" not in NAMES


def test_a_trained_trial_without_a_further_metric_is_to_be_scored(expand, tmp_path):
    runtime = Runtime(runs=tmp_path / "runs")
    before, plan = expand(), expand("metrics: [blocks]\n")
    for trial in plan.trials:
        record(runtime, trial, 0.1)
    assert missing(before, runtime) == ()
    lacking = missing(plan, runtime)
    assert [item.trained for item in lacking] == [True] * len(plan.trials)
    trial = plan.trials[0]
    folder, config = runtime.trials / trial.key, trial.cell.trial(trial.seed)
    assert answered(folder, config, ()) is Status.FINISHED
    assert answered(folder, config, plan.metrics) is None
