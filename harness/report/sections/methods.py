"""A paragraph on methods, ready to paste into a paper: what the plan and the record say."""

import re
from collections.abc import Iterator
from typing import Any

from harness.analysis.effects import HOLM, MAX_T, primary
from harness.analysis.frame import each_row
from harness.core import format as show
from harness.heuristics.sources import SOURCES
from harness.report import second, throughout, words
from harness.report.blocks import Block, Heading, Text
from harness.report.data import ReportData
from harness.report.plugged import plugins
from harness.report.private import place

SAID = ("data.", "evaluation.", "optimizer.", "loss.name", "training.kimg", "training.batch_size",
        "training.evaluations", "training.final_evaluations", "training.ema", "translation.source",
        "plugins.")  # fmt: skip
"""Prefixes of knobs that have a sentence already, and need not be listed as changed."""
PROPER = {"adam": "Adam", "rmsprop": "RMSProp", "sgd": "SGD", "wasserstein": "Wasserstein",
          "began": "BEGAN", "ebgan": "EBGAN", "tensorflow": "TensorFlow", "keras": "Keras",
          "numpy": "NumPy"}  # fmt: skip
READ = {"adam": ("beta_1", "beta_2"), "rmsprop": ("rho", "momentum"), "sgd": ("momentum",)}
"""Optimiser → its numbers in addition to the learning rate."""
FAILED = {
    "collapsed": "of these collapsed, and count with their value",
    "diverged": "diverged, with the larger of untrained and last KID for a value",
    "crashed": "crashed (each takes its seed out of its contrasts)",
    "pruned": "pruned (stopped by the search)",
    "not_ended": "not ended",
}
"""Counts of `Outcomes` → what became of these trials."""


_S0 = SOURCES["S0"]
_EXAMPLE = f"the {_S0.place} “{_S0.title}” ({_S0.author}, {_S0.year})"


def build(data: ReportData) -> list[Block]:
    """The paragraph, and what to mind before it is used."""
    sentences = " ".join(sentence for part in _PARTS for sentence in part(data))
    mind = "Ready to paste."
    if not data.plan.evidence:
        mind += " The numbers of this profile are no evidence, so quote none of them."
    return [Heading("Methods", "methods"), Text(mind, "note"), Text(sentences, "quote")]


def _study(data: ReportData) -> Iterator[str]:
    config = data.reference
    sizes = sorted(throughout.values(data, "data.image_size"))
    size = show.listed(f"{size} × {size}" for size in sizes)
    chosen = config["data.train_images"] and throughout.images(data)
    images = "a folder of images" if config["data.name"] == "folder" else str(config["data.name"])
    number = f", {chosen} of its training images" if chosen else ""
    if not chosen and (count := throughout.images(data)):
        number = f" ({count} training images)"
    trained = show.count(len(data.plan.labels), "configuration")
    design = data.plan.design.replace("_", " ")
    yield (
        f"We trained {trained} of a generative adversarial network on {images} at {size} "
        f"pixels{number}, each from {data.plan.seeds_each} ({design} design)."
    )
    if config["translation.source"]:
        yield f"The generator translates {config['translation.source']} into images."


def _network(data: ReportData) -> Iterator[str]:
    changes = [
        f"{path} = {place(value)}"
        for path, value in data.changed.items()
        if not path.startswith(SAID)
    ]
    if changes:
        yield f"The reference differs from {_EXAMPLE} in {show.listed(changes)}."
    else:
        yield f"The reference has the networks and the training of {_EXAMPLE}."


def _training(data: ReportData) -> Iterator[str]:
    config = data.reference
    loss = _proper(config["loss.name"].replace("_", "-"))
    differ = not all(throughout.alike(data, f"training.{knob}") for knob in ("kimg", "batch_size"))
    shown, batches = (throughout.span(data, f"training.{knob}") for knob in ("kimg", "batch_size"))
    yield (
        f"It minimises the {loss} loss by {_optimizers(config)}. "
        f"A training shows the discriminator{', by cell,' if differ else ''} {shown} thousand real "
        f"images in batches of {batches}."
    )


def _optimizers(config: Any) -> str:
    generator, discriminator = (
        _optimizer(config, network) for network in ("generator", "discriminator")
    )
    if generator == discriminator:
        return f"{generator} in both networks"
    return f"{generator} in the generator and {discriminator} in the discriminator"


def _optimizer(config: Any, network: str) -> str:
    name = config[f"optimizer.{network}.name"]
    numbers = (
        f"{number.replace('_', ' ')} {show.plain(config[f'optimizer.{network}.{number}'])}"
        for number in ("learning_rate", *READ.get(name, ()))
    )
    return f"{_proper(name)} ({', '.join(numbers)})"


def _scores(data: ReportData) -> Iterator[str]:
    config = data.reference
    average = config["training.ema"]
    weights = f"the moving average of its weights (decay {show.plain(average)})" if average else ""
    whose = "" if throughout.alike(data, "training.ema") else " (of the reference)"
    final = config["training.final_evaluations"]
    closer = f", {final} of them in its last fifth" if final else ""
    often = throughout.span(data, "training.evaluations")
    yield (
        f"The generator{whose}, by {weights or 'its weights'}, was evaluated before the training "
        f"and {often} time{'s' * (often != '1')} in its course{closer}."
    )
    for row in each_row(data.frames.metrics):
        yield (
            f"Its score is the kernel inception distance (KID, Bińkowski et al. 2018; protocol "
            f"{row.protocol}, features of {data.encoder(row)}"
            f"{show.pixels(row.resolution)}) of {show.number(row.n, 0)} generated images "
            f"against {show.number(row.m, 0)} real ones of the validation split."
        )
    if data.further:
        yield (
            f"The same generators were scored by {show.listed(second.labels(data))}, too; verdicts "
            "by several metrics were compared in words, signs and order, not in size."
        )


def _statistics(data: ReportData) -> Iterator[str]:
    plan = data.plan
    yield f"A trial counts by {data.objective.what}."
    if not plan.contrasts:
        return
    reported = f"means with {spans}" if (spans := words.intervals(data)) else "means"
    if looks := plan.looks:
        at = show.listed(map(str, looks.planned))
        reported += (
            f", and verdicts of group-sequential sign-flip tests at {at} seeds (error spending, "
            "Lan & DeMets 1983; adjusted for all contrasts by the method of Holm, Maurer & Bretz "
            "2013), after which only what was undecided got more seeds"
        )
    elif data.ranking["p_adjusted"].notna().any():  # from one seed there is none
        reported += f", and p values {_test(data)}"
    yield (
        "Trials of one seed share initial weights, order of the data and noise, so effects "
        f"(following less ignoring a tip) were taken seed by seed; we report their {reported}."
    )
    if primary(len(plan.seeds)) == MAX_T:
        yield (
            f"An effect was called equivalent where two one-sided sign-flip tests, adjusted by the "
            f"method of Holm, put it within {words.region(data)}."
        )


def _test(data: ReportData) -> str:
    if primary(len(data.plan.seeds)) == HOLM:
        return "of two-sided paired t-tests, adjusted by the method of Holm"
    t = " with moderated t (Smyth 2004)" if words.moderated(data) else ""
    return f"of step-down max-|t| sign-flip tests (Westfall & Young 1993){t}, adjusted for all"


def _outcome(data: ReportData) -> Iterator[str]:
    counts = data.outcomes._asdict()
    others = [f"{n} {words}" for name, words in FAILED.items() if (n := counts[name])]
    total = show.count(counts["trials"], "trial")
    yield f"Of {total}, {counts['finished']} finished" + "".join(f"; {f}" for f in others) + "."


def _software(data: ReportData) -> Iterator[str]:
    rows = data.frames.environments
    if rows.empty:
        return
    versions = sorted(set(rows["versions"]))
    used = [f"Python {one}" for one in sorted(set(rows["python"]))] + versions
    commits = sorted({commit[:12] for commit in rows["commit"] if commit})
    code = f" (commit {show.listed(commits)})" if commits else ""
    named = _proper("; ".join(used))
    yield (
        f"Training and analysis used the GAN ablation harness{code} with {named}, on "
        f"{show.listed(sorted(set(rows['device'])))}."
    )


def _proper(text: str) -> str:
    """Text with names spelled as their owners do."""
    return re.sub("|".join(rf"\b{name}\b" for name in PROPER), lambda m: PROPER[m[0]], text)


def _plugins(data: ReportData) -> Iterator[str]:
    if named := [f"{kind} {name} ({digest})" for kind, name, digest, _ in plugins(data)]:
        yield f"Code and tips from outside the harness, by content: {show.listed(named)}."


_PARTS = (_study, _network, _training, _scores, _statistics, _outcome, _plugins, _software)
