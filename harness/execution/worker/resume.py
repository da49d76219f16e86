"""Where a training goes on: the newest state that is whole and whose rows are all there."""

from collections.abc import Callable

from harness.core.errors import Damaged
from harness.gan.train.session import ROWS, Session
from harness.runs.recorder import Recorder


def resumed(make: Callable[[], Session], recorder: Recorder) -> Session:
    """A session where the training was, or at its beginning; the record is cut to it.

    A checkpoint that is damaged is set aside, and the one before it tried. Rows that are damaged
    or lost can only be written by training again, so then it starts from the beginning.
    """
    session = make()
    for path in recorder.checkpoints():
        try:
            session.restore(path)
        except Damaged as error:
            recorder.set_aside(path, error.why)
            continue
        if _rows_are_whole(session, recorder):
            recorder.log(f"continues after iteration {session.iteration}")
            return session
        recorder.set_aside(path, "the rows that led to it are not whole")
        session = make()
    recorder.cut(-1)
    return session


def _rows_are_whole(session: Session, recorder: Recorder) -> bool:
    """Cut the record to the session's iteration; whether no row up to there is missing."""
    try:
        recorder.cut(session.iteration)
    except Damaged as error:
        recorder.set_aside(error.path, error.why)
        return False
    config, done = session.config, session.iteration
    scored = {at for at in config.evaluation_iterations if at <= done}
    interval = max(1, config.iterations // ROWS)
    trained = {*range(interval, done + 1, interval), *scored} - {0}
    rows, scores = recorder.iterations(session.evaluator.identity)
    lost = (trained - rows) | (scored - scores)
    if lost:
        recorder.log(f"its rows after iterations {_some(lost)} are lost")
    return not lost


def _some(numbers: set[int], most: int = 5) -> str:
    shown = ", ".join(map(str, sorted(numbers)[:most]))
    return f"{shown} and others" if len(numbers) > most else shown
