"""A crossed design in words, for terminal and report."""

from collections.abc import Iterator

from harness.core.format import MINUS, number, percent
from harness.plan.naming import combination
from harness.runs.crossed import Alias, Crossed

ROMAN = {3: "III", 4: "IV", 5: "V or more"}
MOST = 12  # dropped combinations that are listed one by one


def summary(crossed: Crossed) -> str:
    """Number of combinations, resolution and efficiency."""
    meant = len(crossed.cells) + len(crossed.dropped)
    parts = [f"{meant} combinations of the levels of {len(crossed.scales)} factors"]
    if crossed.resolution:
        parts.append(f"resolution {ROMAN[crossed.resolution]}")
    if crossed.dropped:
        parts.append(f"{len(crossed.dropped)} of them dropped")
    parts.append(f"D-efficiency {percent(crossed.efficiency, 0)}")
    estimated = len(crossed.interactions)
    possible = estimated + len(crossed.lost)
    return f"{', '.join(parts)}; {estimated} of {possible} two-way interactions can be estimated."


def dropped(crossed: Crossed) -> Iterator[str]:
    """One line per combination that is not trained, with the reason."""
    for one in crossed.dropped[:MOST]:
        yield f"{combination(one, crossed)}: {one.why}"
    more = len(crossed.dropped) - MOST
    if more > 0:
        yield f"and {more} more, which plan --json lists"


def aliased(crossed: Crossed) -> list[tuple[str, str]]:
    """Groups of effects with the same aliases; then other interactions that are lost."""
    by_aliases: dict[str, list[str]] = {}
    for alias in crossed.aliases:
        by_aliases.setdefault(_like(crossed, alias), []).append(crossed.named(alias.term))
    if crossed.lost and not crossed.aliases:
        why = "the combinations needed to estimate them are not trained"
        by_aliases[why] = [crossed.named(term) for term in crossed.lost]
    return [(", ".join(named), others) for others, named in by_aliases.items()]


def _like(crossed: Crossed, alias: Alias) -> str:
    """The aliases of an effect: some interactions fully, others partly.

    A minus means that it enters with the opposite sign.
    """
    parts = [f"{MINUS if sign < 0 else ''}{crossed.named(term)}" for sign, term in alias.same]
    if alias.partly:
        parts.append(f"± {number(alias.part, 2)} of each of {alias.partly} interactions")
    return ", ".join(parts)
