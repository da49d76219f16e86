"""Output of the verbs that list what can be named: studies, heuristics, knobs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.cli.printing.tables import listing
from harness.cli.printing.terminal import Terminal

if TYPE_CHECKING:
    from harness.heuristics import Heuristic


def show_studies(studies: Sequence[Mapping[str, str]]) -> None:
    """Names, never broken, each with its question and where its file is."""
    rows = [(study["name"], study["question"], study["file"]) for study in studies]
    Terminal().print(listing(rows))


def show_sources(names: Sequence[str]) -> None:
    """A line a source: its name, and who wrote what, and when."""
    from harness.heuristics.sources import CITED

    terminal = Terminal()
    for name in names:
        terminal.say(f"{name}: {CITED[name]}" if name in CITED else name, "dim")


def show_heuristics(rows: "Sequence[Heuristic]") -> None:
    """One table per topic: ids (never cut), advice and sources; then who these are."""
    from harness.heuristics.describe import by_topic, marks, sources_of

    terminal = Terminal()
    if not rows:
        terminal.say("No heuristic matches these filters")
    width = max((len(row.id) for row in rows), default=0)
    for topic, members in by_topic(rows).items():
        terminal.say(topic.capitalize(), "bold")
        terminal.print(
            listing([(row.id.ljust(width), row.statement, marks(row)) for row in members])
        )
        terminal.say("")
    show_sources(sources_of(rows))


def show_knobs(rows: Sequence[Mapping[str, str]]) -> None:
    """Names, each with its meaning, and bounds, default and source, below it; then the sources."""
    from harness.heuristics.sources import mentioned

    terminal = Terminal()
    if not rows:
        terminal.say("No hyper-parameter matches these filters")
    for knob in rows:
        unit = f" [{knob['unit']}]" if knob["unit"] else ""
        facts = filter(None, (knob["bounds"], f"default {knob['default']}", knob["source"]))
        terminal.say(knob["knob"], "bold")
        terminal.say(f"{knob['meaning']}{unit}", indent=2)
        terminal.say("; ".join(facts), "dim", indent=2)
    show_sources(mentioned(" ".join(text for knob in rows for text in knob.values())))


def show_heuristic(row: "Heuristic") -> None:
    """One heuristic with its claims, and its settings or why it has none."""
    from harness.heuristics import Practice, Tip
    from harness.heuristics.clashes import clashing
    from harness.heuristics.describe import describe_claim, patch, sources_of

    terminal = Terminal()
    terminal.say(row.title, "bold")
    terminal.say(f"({row.id}, {row.kind})\n{row.statement}")
    for claim in row.claims:
        terminal.say(describe_claim(claim), indent=2)
    if isinstance(row, Tip):
        terminal.say(f"following: {patch(row.following)}\nignoring: {patch(row.ignoring)}")
        terminal.say(f"Needs: {row.needs or 'nothing else'}")
        if row.limits:
            terminal.say(f"Does not test: {row.limits}")
        if row.part_of:
            terminal.say(f"Tests a part of the claims of {row.part_of}")
        terminal.say(f"Cannot be combined with: {', '.join(clashing(row)) or 'none'}")
    elif isinstance(row, Practice):
        terminal.say(row.how)
        if row.test:
            terminal.say(f"Tested by {row.test}")
    terminal.say(f"Literature: {row.literature}")
    show_sources(sources_of([row]))
