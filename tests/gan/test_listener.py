"""What a training leaves in its record, however it was cut off."""

from pathlib import Path

import pytest

from harness.gan.data import load_images
from harness.gan.train.session import Session
from harness.metrics.coverage import NEIGHBOURS
from harness.records import FINISHED, Trial
from harness.tracking.record import Recorder
from harness.worker import listener

pytestmark = pytest.mark.tf


class Cut(BaseException):
    """A kill, as far as the record can tell."""


class Judge:
    """Scores by number alone, and is killed at one of them."""

    identity = "judge"
    independent_blocks = 2

    def __init__(self, fatal: int | None) -> None:
        self.fatal = fatal

    def score(self, generate, number):
        if number == self.fatal:
            raise Cut
        return {"evaluation": number, "kid": 1.0 / (1 + number), "kid_blocks": [1.0, 2.0],
                "coverage": 1.0 / NEIGHBOURS}  # fmt: skip


class Nothing:
    """No mirror."""

    def __getattr__(self, name):
        return lambda *arguments: None


def _train(config, images, folder: Path, fatal: int | None):
    with Recorder(folder) as recorder:
        session = Session(config, images, Judge(fatal))
        recorder.start(config, {})
        if recorder.checkpoint.exists():
            session.restore(recorder.checkpoint)
            recorder.cut(session.iteration)
        return listener.Listener(session, recorder, Nothing(), False).run(lambda: False)


@pytest.mark.parametrize("fatal", [2, 4])  # in the middle, and at the end
def test_an_evaluation_that_was_cut_off_is_done_again(tiny, tmp_path, monkeypatch, fatal):
    """No checkpoint may stand between a training row and the evaluation due after it."""
    monkeypatch.setattr(listener, "CHECKPOINT_SECONDS", 0.0)
    config, folder = tiny(), tmp_path / "trials" / "key"
    images = load_images(config.data, tmp_path / "cache")
    with pytest.raises(Cut):
        _train(config, images, folder, fatal)
    result = _train(config, images, folder, None)
    assert result["status"] == FINISHED
    rows = Trial(folder).evaluation_rows("judge")
    assert [row["evaluation"] for row in rows] == [0, 1, 2, 3, 4]
    assert [row["iteration"] for row in rows] == config.evaluation_iterations
