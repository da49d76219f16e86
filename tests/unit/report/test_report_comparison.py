"""The page of runs side by side, and the verbs of further statistics."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from harness.analysis import frame
from harness.analysis.fields import Columns
from harness.app import analysis
from harness.cli import app
from harness.cli.printing.analysis import show_comparison
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.files import read_json
from harness.report.compared import headline
from harness.report.plots.critical_difference import diagram_info
from harness.report.real import LABEL
from harness.report.same_cells import shared_cells
from harness.runs.layout import VALIDATION
from tests.pages import read_page
from tests.synthetic import TIDY, build
from tests.undrawn import undraw

RESULTS = "gan,set,fid\n" + "".join(
    f"{gan},{number},{value + number % 3}\n"
    for number in range(8)
    for gan, value in (("A", 10.0 + 0.1 * number), ("B", 30.0 - 0.1 * number))
)


TURNED = "Spectral normalisation in the discriminator"
QUICK = TIDY.baseline | {"training.evaluations": 5, "training.kimg": 32.0}
PLAIN = replace(TIDY, baseline=QUICK, grids=1)


def _pair(root: Path) -> Runtime:
    """Two runs, in the second of which one tip works the other way round."""
    turned = [replace(tip, effect=-tip.effect) if tip.name == "spectral_norm" else tip
              for tip in TIDY.tips]  # fmt: skip
    build(root, replace(PLAIN, run_name="one", baseline={**QUICK, "training.ema": 0.9}))
    return build(root, replace(PLAIN, tips=turned, run_name="two"))


@pytest.fixture(scope="module")
def record(tmp_path_factory) -> Runtime:
    """The pair, and a third run that is as the first; read by all tests of this file."""
    root = tmp_path_factory.mktemp("pair")
    build(root, replace(PLAIN, run_name="three", baseline={**QUICK, "training.ema": 0.95}))
    return _pair(root)


@pytest.fixture
def runtime(record, tmp_path: Path) -> Runtime:
    """With reports of the test's own."""
    return replace(record, reports=tmp_path / "reports")


def _compared(names, record: Runtime, reports: Path):
    """A comparison and its page, without pictures: for fixtures that several tests share."""
    with pytest.MonkeyPatch.context() as patch:
        undraw(patch)
        return analysis.compare(names, replace(record, reports=reports))


@pytest.fixture(scope="module")
def pair(record, tmp_path_factory):
    """The comparison of the two, and its page."""
    return _compared(["one", "two"], record, tmp_path_factory.mktemp("reports"))


@pytest.mark.drawn
def test_the_page_of_a_comparison(runtime, parse):
    found, page = analysis.compare(["one", "two"], runtime)
    assert page == runtime.reports / "compared-one-two" / "index.html"
    text = read_page(page)
    parsed = parse(text)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert all(link.startswith("#") or (page.parent / link).is_file() for link in parsed.links)
    assert f"By both verdicts, {TURNED} helps in one and hurts in two" in text
    assert "The same cell in each run" in text
    assert "Critical-difference diagram of mean ranks over 2 runs" in text
    assert len(found.changed) == 1
    assert "τ-b = +" in text
    assert "Spectral normalisation in the discriminator</td><td" in re.sub(
        r"<span[^>]*>|</span>", "", text[text.index("Effects whose sign changed") :]
    )
    listed = (runtime.reports / "index.html").read_text()
    assert "compared-one-two" in listed


def test_what_is_judged_nowhere_agrees_with_nothing(pair):
    found, _ = pair
    unjudged = found._replace(
        effects=found.effects.assign(verdict="not judged"), changed=found.changed[:0]
    )
    assert headline(unjudged).endswith("so no verdicts can disagree.")
    same = found._replace(changed=found.changed[:0])
    assert headline(same).endswith("No tip is better in one run and worse in another.")


def test_one_common_contrast_has_no_order(pair, capsys):
    found, page = pair
    show_comparison(found._replace(agreement=found.agreement.assign(contrasts=1)), page)
    assert "one and two: 1 common contrast, so no orders to compare" in capsys.readouterr().out


def test_tips_and_cells_have_their_titles_wherever_people_read(pair, capsys):
    found, page = pair
    titles = dict(zip(found.effects["contrast"], found.effects["title"], strict=True))
    assert titles["spectral_norm"] == TURNED
    show_comparison(found, page)
    said, text = capsys.readouterr().out, page.read_text()
    names = diagram_info(found.ranks, runs=2, alpha=0.05).names
    assert sorted(names) == sorted(titles.values())
    for contrast, title in titles.items():
        assert title in " ".join(said.split())
        assert contrast not in said
        assert contrast not in re.sub(r'(href|src|id)="[^"]*"', "", text)


def test_documents_of_a_comparison_have_ids_and_titles(pair):
    found, _ = pair
    document = found.to_json()
    for part in ("effects", "changed", "ranks"):
        assert len(document[part])
        for row in document[part]:
            assert (row["contrast"] == "spectral_norm") is (row["title"] == TURNED), part


def test_a_row_says_why_its_verdict_is_not_what_its_interval_says(pair, capsys):
    found, page = pair
    effects, reason = found.effects.copy(), "the test decides, though the interval includes zero"
    odd = effects.index[(effects["contrast"] == "spectral_norm") & (effects["run"] == "two")]
    effects.loc[odd, "reason"] = reason
    show_comparison(found._replace(effects=effects), page)
    lines = capsys.readouterr().out.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.strip() == reason]
    assert " two " in lines[at - 1]


def test_a_tip_that_turned_in_two_pairs_of_runs_is_one_tip(runtime):
    found, page = analysis.compare(["one", "two", "three"], runtime)
    assert len(found.changed) == 2
    text = read_page(page)
    assert f"By both verdicts, {TURNED} helps in one and three and hurts in two" in text
    assert re.search(r"τ-b from \S+ to \+1.00 for 3 pairs of runs", text)


@pytest.fixture(scope="module")
def several(tmp_path_factory) -> Runtime:
    """With `one` and `two`: runs of another metric identity, and of another objective."""
    root = tmp_path_factory.mktemp("scales")
    other = {**QUICK, "evaluation.resizer": "bicubic", "evaluation.protocol": "blocks"}
    turned = [replace(tip, effect=-tip.effect) for tip in TIDY.tips]
    runtime = _pair(root)
    build(root, replace(PLAIN, run_name="other", baseline=other, tips=turned))
    for name in ("time", "again"):
        build(root, replace(PLAIN, run_name=name))
    path = runtime.study("time") / "plan.json"
    plan = json.loads(path.read_text())
    path.write_text(json.dumps({**plan, "objective": "time_to_threshold", "threshold": 0.3}))
    return runtime


@pytest.fixture
def scales(several, tmp_path: Path) -> Runtime:
    """With reports of the test's own."""
    return replace(several, reports=tmp_path / "reports")


@pytest.fixture(scope="module")
def compared(several, tmp_path_factory):
    """Four runs on three scales, and their page."""
    names = ["one", "two", "other", "time"]
    return _compared(names, several, tmp_path_factory.mktemp("reports"))


def _table_rows(parsed_text, caption):
    return [part for part in re.findall(r"<table.*?</table>", parsed_text, re.S) if caption in part]


def test_effects_of_two_scales_share_no_table(compared):
    found, page = compared
    measures = list(dict.fromkeys(found.effects["measure"]))
    assert len(measures) == 3
    assert len(set(found.effects["identity"])) == 2
    text = read_page(page)
    tables = page.parent / "tables"
    assert not (tables / "effects.csv").exists()
    runs = []
    for number, measure in enumerate(measures, 1):
        (shown,) = (part for part in _table_rows(text, "Effects in") if measure in part)
        rows = (tables / f"effects_{number}.csv").read_text().splitlines()
        assert all(measure in row for row in rows[1:])
        own = {run for run in ("one", "two", "other", "time") if f",{run}," in "\n".join(rows)}
        assert all(f"<td>{run}</td>" in shown or f">{run}<" in shown for run in own)
        runs.append(own)
    assert runs == [{"one", "two"}, {"other"}, {"time"}]
    assert "kimg" in text
    assert "different scales" in text


def test_signs_between_scales_are_words_and_never_numbers(scales):
    found, page = analysis.compare(["one", "other"], scales)
    assert len(found.changed) >= 3
    tables = page.parent / "tables"
    assert not [path.name for path in tables.glob("changed*")]
    head, *rows = (tables / "turned.csv").read_text().splitlines()
    assert "effect" not in head
    assert len(rows) == len(found.changed)
    assert all("helps" in row and "hurts" in row for row in rows)
    assert "Effects whose sign changed between runs that were judged on different" in (
        page.read_text()
    )


def test_drift_is_of_one_objective_and_identity(scales):
    alike = analysis.compared(["time", "again"], scales)[0].drift
    assert alike.empty  # the same trials, but an objective in kimg and one in KID
    drift = analysis.compared(["two", "again"], scales)[0].drift
    assert len(drift) == 5
    titles = dict(zip(drift["cell"], drift["title"], strict=True))
    assert titles["spectral_norm=following"] == f"{TURNED}: following"
    assert set(drift["measure"]) == {f"final, {drift['identity'][0]}"}


def test_the_terminal_shows_each_scale_by_itself(compared, capsys):
    show_comparison(*compared)
    said = capsys.readouterr().out
    assert said.count("Verdict") == 3
    assert "Effect, kimg" in said
    assert re.search(r"changed sign.*helps in one and hurts in other", said)


def test_an_effect_without_an_interval_says_why(compared, capsys):
    found, page = compared
    lost = found.effects["run"] == "one"
    effects = found.effects.assign(
        low=found.effects["low"].mask(lost),
        high=found.effects["high"].mask(lost),
        reason=found.effects["reason"].mask(lost, "the seeds follow from looks"),
    )
    show_comparison(found._replace(effects=effects), page)
    said = capsys.readouterr().out
    assert said.count("one: no interval, the seeds follow from looks") == 1
    first = effects[lost & (effects["run"] == "one")].iloc[0]
    (row,) = [line for line in said.splitlines() if first["title"] in line and "one" in line][:1]
    assert not re.search("[0-9] –", row)


def test_groups_of_the_diagram_are_the_longest_and_not_nested():
    import pandas as pd

    ranks = pd.DataFrame({"title": list("abcd"), "rank": [1.0, 2.0, 3.5, 3.9]})
    info = diagram_info(ranks, runs=8, alpha=0.05)
    assert info.distance == pytest.approx(2.569 * (20 / 48) ** 0.5, abs=1e-3)
    assert info.groups == ((0, 1), (1, 2), (2, 3))


def test_a_comparison_needs_two_runs(runtime):
    with pytest.raises(HarnessError, match="two different runs"):
        analysis.compare(["one", "one"], runtime)
    with pytest.raises(HarnessError, match="unknown run 'ones'; did you mean 'one'"):
        analysis.compare(["one", "ones"], runtime)


def test_rank_prints_a_table_or_json(tmp_path: Path):
    file = tmp_path / "results.csv"
    file.write_text(RESULTS)
    command = ["rank", str(file), "--treatment", "gan", "--block", "set", "--value", "fid"]
    shown = CliRunner().invoke(app, [*command, "--lower-is-better"])
    assert shown.exit_code == 0
    assert "better" in shown.stdout
    assert "fid: lower is better, as asked" in shown.stdout
    found = json.loads(CliRunner().invoke(app, [*command, "--higher-is-better", "--json"]).stdout)
    assert found["direction"] == "fid: higher is better, as asked"
    (pair,) = found["pairs"]
    assert (pair["a"], pair["b"], pair["verdict"]) == ("B", "A", "better")
    assert pair["ci_low"] < pair["effect"] < pair["ci_high"]
    assert pair["p_adjusted"] == 1 / 128


def test_json_holds_no_word_that_json_lacks(tmp_path: Path):
    """Pairs without a shared block have no effect, interval or p."""
    file = tmp_path / "results.csv"
    file.write_text("gan,set,val_loss\nA,0,1\nB,0,2\nC,1,3\nD,1,4\nE,2,\n")
    command = ["rank", str(file), "--treatment", "gan", "--block", "set", "--value", "val_loss"]

    def never(word):
        raise AssertionError(word)

    shown = CliRunner().invoke(app, [*command, "--json"])
    found = json.loads(shown.stdout, parse_constant=never)
    assert found["lower_is_better"] is True
    assert found["direction"] == "val_loss: lower is better, by its name"
    assert found["without_results"] == ["E"]
    pair = next(pair for pair in found["pairs"] if (pair["a"], pair["b"]) == ("A", "C"))
    assert (pair["n"], pair["effect"], pair["p_adjusted"]) == (0, None, None)
    assert any("gan without results: E" in warning for warning in found["warnings"])


def test_a_direction_that_nobody_gave_is_a_warning(tmp_path: Path):
    file = tmp_path / "results.csv"
    file.write_text(RESULTS.replace("fid", "figure [bold]of merit"))
    command = ["rank", str(file), "--treatment", "gan", "--block", "set"]
    shown = CliRunner().invoke(app, [*command, "--value", "figure [bold]of merit"]).stdout
    assert "warning: the name figure [bold]of merit does not tell" in shown
    assert "higher is better, which is assumed" in shown


def test_small_values_and_small_differences_are_shown_with_their_digits(tmp_path: Path):
    file = tmp_path / "results.csv"
    rows = "".join(f"A,{n},100.0000{n}1\nB,{n},100.0000{n}4\n" for n in range(7))
    command = ["rank", str(file), "--treatment", "gan", "--block", "set", "--value", "fid"]
    file.write_text("gan,set,fid\n" + rows)
    assert "\u22120.00000300" in CliRunner().invoke(app, command).stdout
    file.write_text("gan,set,fid\n" + rows.replace("100.0000", "0.0000"))
    assert re.search(r" A +7 +0\.00003", CliRunner().invoke(app, command).stdout)


def test_names_are_shown_as_they_are(tmp_path: Path):
    file = tmp_path / "results.csv"
    file.write_text(RESULTS.replace("A,", "[/red]A[b],"))
    command = ["rank", str(file), "--treatment", "gan", "--block", "set", "--value", "fid"]
    assert "[/red]A[b]" in CliRunner().invoke(app, command).stdout


def test_a_level_that_is_no_number_is_refused(tmp_path: Path):
    with pytest.raises(HarnessError, match="alpha nan"):
        analysis.rank(tmp_path, Columns("a", "b", "c"), None, float("nan"))


def test_a_self_check_trains_the_reference_alone(tmp_path: Path):
    file = tmp_path / "s.yaml"
    file.write_text(
        "title: t\nquestion: q\nheuristics: [adam_beta_1_half]\ndesign: one_at_a_time\nseeds: 6\n"
        "baseline: {data.name: digits, data.image_size: 16}\n"
    )
    from harness import app as cases

    of, _ = cases.plan(str(file), Runtime(runs=tmp_path / "runs"), None, {})
    plan = analysis.against_itself(of, 10)
    assert [cell.label for cell in plan.cells] == ["reference"]
    assert [trial.seed for trial in plan.trials] == list(range(12))  # two arms of six
    assert plan.trials[0].key == of.trials[0].key  # what the study has is not trained again
    assert plan.run_name == "s-self_check"


def test_a_run_that_has_not_learnt_agrees_and_differs_with_none(tmp_path: Path, capsys):
    runtime = _pair(tmp_path)
    for row in read_json(runtime.study("two") / "plan.json")["trials"]:
        if row["cell"] == "reference":
            (path,) = (runtime.trials / row["key"] / "evaluations").glob("*.jsonl")
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            rows = [one | {"kid": max(one["kid"], 0.85)} for one in rows]
            path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    found, page = analysis.compare(["one", "two"], runtime)
    assert found.changed.empty
    assert found.ranks.empty
    assert found.agreement["tau"].isna().all()
    assert set(found.effects.loc[found.effects["run"] == "two", "verdict"]) == {"not judged"}
    said = "two: the reference has not learnt (its final KID is"
    assert said in read_json(page.parent / "summary.json")["verdict"]
    assert said in page.read_text()
    show_comparison(found, page)
    assert capsys.readouterr().out.startswith(said)


def test_cells_that_runs_share_are_next_to_each_other(record, pair):
    found, _ = pair
    frames = {name: frame.load(name, record) for name in ("one", "two")}
    heading, _, *figures, gallery = shared_cells(found, frames)
    assert heading.title == "The same cell in each run"
    cells = list(frames["one"].plan.labels)
    assert sorted(figure.caption for figure in figures) == sorted(
        f"Cell {TIDY.name(c)}." for c in cells
    )
    # references first, then what turns round
    assert [figure.caption for figure in figures[:2]] == [
        "Cell reference.", f"Cell {TIDY.name('spectral_norm=following')}."
    ]  # fmt: skip
    assert all("one (n = " in figure.alt and "two (n = " in figure.alt for figure in figures)
    strip = gallery.strips[0]
    assert strip.label == "reference"
    assert [picture.caption.partition(":")[0] for picture in strip.pictures] == ["one", "two"]
    median = frames["two"].trials.query("cell == 'reference'").sort_values("final")
    seed = int(median["seed"].iloc[(len(median) - 1) // 2])
    assert re.fullmatch(rf"two: seed {seed}, KID × 10³ [\d.]+", strip.pictures[1].caption)


def test_images_of_a_seed_far_from_the_median_say_what_the_median_is(record, pair):
    """As in a record that keeps the images of few seeds."""
    frames = {name: frame.load(name, record) for name in ("one", "two")}
    valued = frames["two"].trials.query("cell == 'reference'").sort_values("final")
    kept, median = valued.iloc[0], valued["final"].iloc[(len(valued) - 1) // 2]
    samples = frames["two"].samples.query("cell != 'reference' or seed == @kept.seed")
    *_, gallery = shared_cells(pair[0], {**frames, "two": replace(frames["two"], samples=samples)})
    assert gallery.title.endswith("among those whose images are kept")
    caption = gallery.strips[0].pictures[1].caption
    shown, middle = re.fullmatch(
        rf"two: seed {kept.seed}, KID × 10³ ([\d.]+) \(median of {len(valued)} seeds: ([\d.]+)\)",
        caption,
    ).groups()
    assert float(shown) == pytest.approx(1000 * kept.final, rel=0.01)
    assert float(middle) == pytest.approx(1000 * median, rel=0.01)
    assert float(shown) < float(middle)


def test_validation_images_go_before_the_images_of_cells(record, pair):
    """Of each run that has any, as an earlier version had none; those of a cell serve for all."""
    frames = {name: frame.load(name, record) for name in ("one", "two")}
    for name, cell in (("two", "spectral_norm=following"), ("one", "reference")):
        path = frames[name].samples["path"].iloc[0]
        recorded = {"cell": [cell], "seed": [0], "name": [VALIDATION], "path": [path]}
        frames[name] = replace(frames[name], pictures=pd.DataFrame(recorded))
        *_, gallery = shared_cells(pair[0], frames)
        real, reference, *_ = gallery.strips
        assert (real.label, real.real, reference.label) == (LABEL, True, "reference")
        having = ["two"] if name == "two" else ["one", "two"]
        assert [picture.caption for picture in real.pictures] == [f"{run}: real" for run in having]


def test_runs_that_share_no_cell(record, pair):
    found, _ = pair
    assert shared_cells(found, {"one": frame.load("one", record)}) == []
