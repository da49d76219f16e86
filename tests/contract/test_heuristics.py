"""What every tip keeps: two valid sides that differ, on the same knobs, with known sources."""

import re

import pytest

from harness.config.identity import key
from harness.config.patch import KNOBS, check_value, resolve
from harness.errors import HarnessError
from harness.heuristics import HEURISTICS
from harness.heuristics.schema import SOURCES

TIPS = [HEURISTICS[name] for name in HEURISTICS]
each = pytest.mark.parametrize("tip", TIPS, ids=list(HEURISTICS))


def test_ids_are_unique():
    from harness.heuristics.table import _TOPICS

    assert len(TIPS) == sum(len(topic.TIPS) for topic in _TOPICS) > 0


@each
def test_it_is_named_and_explained(tip):
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", tip.id)
    assert HEURISTICS[tip.id] is tip
    assert re.match(r"[A-Z]", tip.title)
    assert re.fullmatch(r"[A-Z].*\.", tip.statement)
    assert re.search(r"(19|20)\d\d", tip.literature)


@each
def test_both_sides_set_the_same_knobs_to_different_values(tip):
    assert tip.following.keys() == tip.ignoring.keys()
    assert set(tip.following) <= set(KNOBS)
    for path, value in tip.following.items():
        check_value(path, value)
        check_value(path, tip.ignoring[path])
        assert value != tip.ignoring[path]


@each
def test_both_sides_are_valid_on_the_default_baseline_and_train_differently(tip):
    following, ignoring = (key(resolve([side])) for side in (tip.following, tip.ignoring))
    assert following != ignoring


@each
def test_claims_have_known_sources(tip):
    assert tip.claims
    for claim in tip.claims:
        assert claim.source in SOURCES
        assert claim.effect in ("helps", "hurts", "no_effect", "depends")
        assert claim.gist
    assert len(set(tip.claims)) == len(tip.claims)


@each
def test_what_cannot_be_followed_together_is_declared(tip):
    """Tips that set the same knob need no declaration: they are never combined."""
    assert set(tip.clashes) <= set(HEURISTICS) - {tip.id}
    for other in TIPS:
        if tip.following.keys() & other.following.keys():
            continue
        declared = other.id in tip.clashes or tip.id in other.clashes
        assert _clash(tip, other) == declared, other.id


def _clash(one, two):
    try:
        resolve([one.following, two.following])
    except HarnessError:
        return True
    return False
