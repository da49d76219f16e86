"""A crossed design in words, for the terminal and the report."""

from collections.abc import Iterator

from harness.runs.crossed import Alias, Crossed, Dropped

ROMAN = {3: "III", 4: "IV", 5: "V or more"}
MOST = 12  # dropped combinations that are listed one by one


def summary(crossed: Crossed) -> str:
    """How many combinations there are, and how well they tell effects apart."""
    meant = len(crossed.cells) + len(crossed.dropped)
    parts = [f"{meant} combinations of the levels of {len(crossed.scales)} factors"]
    if crossed.resolution:
        parts.append(f"resolution {ROMAN[crossed.resolution]}")
    if crossed.dropped:
        parts.append(f"{len(crossed.dropped)} of them dropped")
    parts.append(f"D-efficiency {100 * crossed.efficiency:.0f} %")
    estimated = len(crossed.interactions)
    of = estimated + len(crossed.lost)
    return f"{', '.join(parts)}; {estimated} of {of} interactions of two can be estimated."


def dropped(crossed: Crossed) -> Iterator[str]:
    """A line for each combination that is not trained, and why."""
    for one in crossed.dropped[:MOST]:
        yield f"{levels(one)}: {one.why}"
    more = len(crossed.dropped) - MOST
    if more > 0:
        yield f"and {more} more, which plan --json lists"


def levels(one: Dropped) -> str:
    """A combination, factor by factor."""
    return ", ".join(f"{name}={level}" for name, level in one.levels.items())


def aliased(crossed: Crossed) -> list[tuple[str, str]]:
    """The effects that hold the same others, and these; then interactions that are lost besides."""
    found: dict[str, list[str]] = {}
    for alias in crossed.aliases:
        found.setdefault(_like(crossed, alias), []).append(crossed.named(alias.term))
    if crossed.lost and not crossed.aliases:
        why = "combinations that would tell are not trained"
        found[why] = [crossed.named(term) for term in crossed.lost]
    return [(", ".join(named), others) for others, named in found.items()]


def _like(crossed: Crossed, alias: Alias) -> str:
    """What the estimate of an effect holds beside it: all of some interactions, a part of others.

    A minus says that it enters with the other sign.
    """
    parts = [f"{'−' if sign < 0 else ''}{crossed.named(term)}" for sign, term in alias.same]
    if alias.partly:
        parts.append(f"± {alias.part:.2f} of each of {alias.partly} interactions")
    return ", ".join(parts)
