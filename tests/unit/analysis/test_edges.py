"""Edges: where a better value may lie beyond what was tried."""

import pytest

from harness.analysis.edges import Edge, search_edges, tried_edge

RATE, BETA, WIDTH = "optimizer.generator.learning_rate", "optimizer.generator.beta_1", "loss.width"
LOG = {"low": 1e-5, "high": 1e-3, "log": True, "step": None, "whole": False}
LINEAR = {"low": 10.0, "high": 20.0, "log": False, "step": None, "whole": False}


def ends(space, **params):
    return [(edge.name, edge.upper) for edge in search_edges(space, params or {})]


def end(name, span, value):
    """None, or whether the value is at the upper end."""
    edges = search_edges({name: span}, {name: value})
    return edges[0].upper if edges else None


@pytest.mark.parametrize(
    ("span", "value", "at"),
    [
        (LINEAR, 10.0, False),
        (LINEAR, 10.5, False),
        (LINEAR, 10.51, None),
        (LINEAR, 15.0, None),
        (LINEAR, 19.49, None),
        (LINEAR, 19.5, True),
        (LOG, 1.25e-5, False),  # 4.8 % of two decades; of the linear range it would be 0.3 %
        (LOG, 1.3e-5, None),
        (LOG, 5e-5, None),  # 4 % of the linear range
        (LOG, 7.9e-4, None),
        (LOG, 8e-4, True),
    ],
)
def test_five_per_cent_of_the_range_on_its_scale(span, value, at):
    assert end("penalties.r1.weight", span, value) is at


def test_what_steps_reach_last_is_an_end():
    span = {"low": 16, "high": 100, "log": False, "step": 16, "whole": True}
    assert end("generator.width", span, 96) is True
    assert end("generator.width", span, 80) is None
    assert end("generator.width", span, 16) is False


def test_an_end_of_the_knob_itself_is_no_edge():
    span = {"low": 0.0, "high": 0.9, "log": False, "step": 0.1, "whole": False}
    assert end(BETA, span, 0.0) is None  # nothing lies below
    assert end(BETA, span, 0.9) is True


@pytest.mark.parametrize(
    ("choices", "value", "at"),
    [
        ([32, 64, 128], 128, True),
        ([128, 32, 64], 32, False),
        ([32, 64, 128], 64, None),
        ([32, 128], 128, None),  # each of two is an end
        (["hinge", "non_saturating", "least_squares"], "hinge", None),  # no order
        ([False, True, 64], True, None),
    ],
)
def test_the_first_and_last_of_ordered_choices(choices, value, at):
    assert end("generator.width", {"choices": choices}, value) is at


def test_an_edge_says_what_was_tried():
    assert tried_edge(RATE, [1e-4, 4e-4, 2e-4, 2e-4], 4e-4) == Edge(RATE, 4e-4, True, 1e-4, 4e-4)
    assert tried_edge(RATE, [1e-4, 4e-4, 2e-4], 2e-4) is None
    assert tried_edge(RATE, [1e-4, None, 2e-4], 2e-4) is None


def test_the_edges_are_in_the_order_of_the_space():
    space = {RATE: LOG, "generator.width": {"choices": [8, 16, 32]}, BETA: LINEAR}
    params = {RATE: 1e-5, "generator.width": 32, BETA: 15.0}
    assert [edge.name for edge in search_edges(space, params)] == [RATE, "generator.width"]
