"""A function that expands a study written in place."""

import pytest

from harness.config.study import read
from harness.plan.expand import expand_study

SMALL = """title: T
question: Q?
baseline:
  data.name: digits
  data.image_size: 16
  training.kimg: 6.4
  training.batch_size: 64
  training.evaluations: 5
seeds: 2
"""


@pytest.fixture
def expanded(tmp_path):
    def go(text, profile=None, changes=None, head=SMALL):
        (tmp_path / "a.yaml").write_text(head + text)
        return expand_study(read("a", tmp_path), profile, changes or {}, tmp_path / "cache")

    return go
