"""What a report says: the verdict, the summary for a terminal, and numbers as people read them."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from rich.text import Text as Plain

from harness.analysis.convergence import Falling
from harness.analysis.frame import load
from harness.cli import printing as terminal
from harness.core.files import read_json, write_json
from harness.report import summarise_run, words
from harness.report.conclusion import list_sizes
from harness.report.data import analyse
from harness.report.private import redact
from harness.report.sections import methods, ranking
from harness.report.summary import summarise
from tests.synthetic import TIDY, TIPS, Recipe, build

RUN = Recipe.run_name


def test_the_lead_says_interim_and_names_the_verdicts(found):
    sentence = found.verdict
    assert sentence.startswith("Interim analysis: 39 of 40 trials have ended.")
    assert (
        "and “Spectral normalisation in the discriminator” bring generated images closer"
        in sentence
    )
    learnt = r"real ones \(KID falls by \d+ % and \d+ % of what the reference learnt\);"
    assert re.search(learnt, sentence)
    worse = (
        r"“Batch normalisation in the discriminator” moves generated images further from real ones"
    )
    assert re.search(rf"{worse} \(KID rises by \d %\)", sentence)
    assert (
        "“One-sided label smoothing of 0.1” makes no difference that matters (significantly"
        in sentence
    )
    assert re.search(r"within ± 5 %, ± 3\d\.\d on KID × 10³\)", sentence)
    assert sentence.endswith("the side that ignores it diverged in 1 of 8 seeds.")


def test_a_single_contrast_is_put_in_numbers(tmp_path: Path):
    runtime = build(tmp_path, replace(TIDY, tips=TIPS[1:2]))
    sentence = words.verdict(analyse(load(RUN, runtime)))
    assert words.intervals(analyse(load(RUN, runtime))) == "the 95 % t-interval of the one contrast"
    pattern = (
        r"better; following it brings generated images closer to real ones: KID × 10³ falls by "
        r"[\d.]+, \d % of what the reference learnt \(95 % interval \[−.*\], n = 8\)"
    )
    assert re.search(pattern, sentence)


def test_effects_that_are_too_small_to_matter_are_named(tmp_path: Path):
    small = replace(TIPS[1], effect=-0.021)
    data = analyse(load(RUN, build(tmp_path, replace(TIDY, tips=[TIPS[0], small]))))
    assert (
        "% of what the reference learnt). The effect of “Spectral normalisation in the "
        "discriminator” is smaller than the margin of equivalence."
    ) in words.verdict(data)
    alone = analyse(load(RUN, build(tmp_path / "alone", replace(TIDY, tips=[small]))))
    assert words.verdict(alone).endswith(" (smaller than the margin of equivalence).")


def test_where_nothing_is_better_the_first_sentences_say_what_looked_best(tmp_path: Path):
    """From three seeds, of which the noise leaves nothing decided; and the same of one contrast."""
    tips = [replace(TIPS[1], effect=-0.004), replace(TIPS[2], effect=0.002)]
    data = analyse(load(RUN, build(tmp_path, replace(TIDY, tips=tips, seeds=range(3)))))
    rows = [
        replace(row, verdict="inconclusive", effect=effect, low=-0.2, high=0.2)
        for row, effect in zip(data.ranked, (-0.039, 0.005), strict=True)
    ]
    best = rows[0].names[1]
    said = words.headline(replace(data, ranked=rows))
    value = r"KID × 10³ −39\.0+ \[−200\.0+, \+200\.0+\]"
    pattern = (
        rf"“{best}” looked best \({value}\), but that is not decided: its interval includes zero"
    )
    assert re.search(pattern, said)
    equal = replace(rows[1], verdict="equivalent")
    mixed = words.headline(replace(data, ranked=[*rows, equal]))
    assert "The other 2 are inconclusive: the seeds cannot tell. Of those not decided, “" in mixed
    assert re.search(rf"Of those not decided, “{best}” looked best \({value}\): its int", mixed)
    one = words.headline(replace(data, ranked=[rows[0], equal]))
    assert re.search(rf"Following “{best}” looked better \({value}\): its interval includes", one)
    worse = [replace(row, effect=abs(row.effect)) for row in rows]
    assert words.headline(replace(data, ranked=worse)).endswith(
        "None lowered KID × 10³ on average."
    )
    alone = words.headline(replace(data, ranked=rows[:1]))
    assert "inconclusive, the seeds cannot tell; following it looked better: KID" in alone


def test_verdicts_that_hold_by_less_than_they_seem_to_are_named(tmp_path: Path):
    data = analyse(load(RUN, build(tmp_path, replace(TIDY, tips=TIPS[:2]))))
    first, other = data.ranked
    near = replace(first, effect=-0.5 * first.margin, low=-1.0, high=0.001, reason="")
    remarks = words.remarks(replace(data, ranked=[near, other]))
    name = first.names[1]
    assert f"“{name}”: the interval includes zero; the test alone decides." in remarks
    assert any(
        text.startswith(f"“{name}”") and "smaller than the margin of equivalence" in text
        for text in remarks
    )
    sure = [replace(row, effect=-2 * row.margin, low=-1.0, high=-0.1) for row in (near, other)]
    assert not words.remarks(replace(data, ranked=sure))


def test_from_one_seed_no_test_is_told(tmp_path: Path):
    data = analyse(load(RUN, build(tmp_path, replace(TIDY, seeds=[0]))))
    assert "There is no p either, so nothing can be told." in ranking._how(data)
    _, said = methods._statistics(data)
    assert said.endswith("we report their means.")
    data = analyse(load(RUN, build(tmp_path / "two", replace(TIDY, seeds=range(2)))))
    assert "Holm's paired t-test" in ranking._how(data)
    assert ", and p values of two-sided paired t-tests" in " ".join(methods._statistics(data))


def test_a_size_that_all_effects_have_is_named_once():
    assert list_sizes(["less than 1 %", "less than 1 %"]) == "less than 1 % each"
    assert list_sizes(["5 %", "5 %", "4 %"]) == "5 %, 5 % and 4 %"
    assert list_sizes(["5 %"]) == "5 %"


def test_the_encoder_of_a_file_is_named_by_it_and_an_unknown_one_by_its_digest(runtime):
    data = analyse(load(RUN, runtime))
    custom = data.frames.metrics.assign(encoder="custom", file="")
    assert "encoder inception_v3 at 75 px." in words.measured(data)
    unknown = replace(data, frames=replace(data.frames, metrics=custom))
    assert "features of the encoder 0a1b2c3d at 75 px." in words.measured(unknown)
    knobs = {"evaluation.encoder": "a/mine.keras", "evaluation.encoder_content": "c14c05f2"}
    cells = [cell.replaced(config={**cell.config, **knobs}) for cell in data.plan.cells]
    plan = data.plan.replaced(cells=tuple(cells))
    named = replace(unknown, frames=replace(unknown.frames, plan=plan))
    assert "features of the encoder mine at 75 px." in words.measured(named)


def test_a_single_contrast_that_is_equivalent_says_within_what(tmp_path: Path):
    runtime = build(tmp_path, replace(TIDY, tips=TIPS[2:3]))
    sentence = words.verdict(analyse(load(RUN, runtime)))
    assert re.search(
        r": equivalent, significantly within ± 5 % of what the reference learnt, ± 3", sentence
    )


def test_a_single_contrast_says_why_it_is_inconclusive(tmp_path: Path):
    recipe = replace(TIDY, tips=TIPS[:1], diverged=[(Recipe.label(TIPS[0]), 3)], seeds=range(5))
    sentence = words.verdict(analyse(load(RUN, build(tmp_path, recipe))))
    assert sentence.endswith(
        "(better without the seeds in which a side diverged; "
        "the side that ignores it diverged in 1 of 5 seeds)."
    )


def test_summary_is_the_ranking_as_text(runtime, found):
    assert found.path == runtime.reports / RUN / "index.html"
    (table,) = found.tables
    assert all(len(row) == len(table.columns) for row in table.rows)
    tip, effect, n, verdict = table.rows[1]
    assert (tip, n, verdict) == (TIPS[1].title, "7 of 8", "better")
    assert re.fullmatch(r"−\d\d\.\d \[−\d\d\.\d, −\d\d\.\d\]", effect)  # true minus signs
    assert found.first == ""
    assert found.notes == [
        f"{TIPS[0].title}: the test decides, though the interval includes zero; "
        "the side that ignores it diverged in 1 of 8 seeds",
        "Tested at 0.05, about 14 % of studies without any effect find one if they are stopped as "
        "soon as one of 5 such reports shows it; the key `sequential` declares a valid stopping "
        "rule.",
    ]


def test_the_summary_fits_80_columns_and_cuts_no_word(found, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")
    terminal.show_summary(found)
    lines = Plain.from_ansi(capsys.readouterr().out).plain.splitlines()
    report = next(line for line in lines if line.startswith("Report: "))
    assert str(found.path) in report  # whole, to be clicked at
    assert max(len(line) for line in lines if line is not report) <= 80
    text = " ".join(" ".join(lines).split())
    for title, *cells in found.tables[0].rows:
        assert any(all(cell in line for cell in cells) for line in lines), cells
        assert all(word in text for word in title.split())


def test_designs_have_tables_of_their_own_and_long_names_are_whole(tmp_path: Path, small):
    runtime = build(tmp_path, small)
    path = runtime.study(RUN) / "plan.json"
    plan = read_json(path)
    one, other = plan["contrasts"]
    knob = "optimizer.generator.learning_rate=0.0002"
    left = other | {"design": "leave_one_out", "name": f"{knob} (leave one out)", "title": knob}
    write_json(path, plan | {"contrasts": [one, left]})
    tables = summarise_run(RUN, runtime).tables
    titles = [table.title.split(":")[0] for table in tables]
    assert titles == ["One change from the baseline", "Leave one out"]
    ((name, *_),) = tables[1].rows
    assert name == "optimizer.generator.learning_rate=0.0002"  # whoever prints it shortens it


def test_a_tip_in_two_designs_is_named_with_its_design(tmp_path: Path):
    runtime = build(tmp_path, TIDY)
    path = runtime.study(RUN) / "plan.json"
    plan = read_json(path)
    first, second, *_ = plan["contrasts"]
    name, title = f"{first['name']} (leave one out)", first["title"]
    left = second | {"design": "leave_one_out", "title": title, "name": name}
    write_json(path, plan | {"contrasts": [first, left]})
    data = analyse(load(RUN, runtime))
    rows = [replace(row, reason=f"of {row.contrast}") for row in data.ranked]
    summary = summarise(replace(data, ranked=rows), runtime)
    assert {f"{title}: of {first['name']}", f"{title} (leave one out): of {name}"} <= set(
        summary.notes
    )
    assert f"“{title}”" in summary.verdict
    assert f"“{title} (leave one out)”" in summary.verdict
    assert data.ranking["place"].to_list() == [1, 1]  # each design has its own places
    assert all(data.ranking["place"].between(data.ranking["rank_low"], data.ranking["rank_high"]))
    assert "# counts the tips of one design" in ranking.build(data)[1].text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("postgresql://user:pw@db/x is down", "postgresql://…@db/x is down"),
        ("WANDB_API_KEY=abc123 was refused", "WANDB_API_KEY=… was refused"),
        ("token: abc", "token: …"),
        ("loss is nan at step 3", "loss is nan at step 3"),
    ],
)
def test_redact(text, kept):
    assert redact(text) == kept


def test_a_share_that_would_round_to_nothing_keeps_a_digit():
    assert [words._rounded(share) for share in (0.0023, 0.0096, 0.23)] == ["0.2 %", "1 %", "23 %"]


@pytest.mark.parametrize(("suggestions", "told"), [(None, True), (pd.DataFrame(), False)])
def test_a_search_that_has_not_converged_speaks_of_no_margin(suggestions, told):
    data = SimpleNamespace(falling=Falling(0.02, 0.0091, 1, 5.0, 6.4), suggestions=suggestions)
    said = words.speed(data)
    assert said.startswith("The reference has not converged")
    assert ("margin of equivalence (9.1)" in said) == told
