"""One attempt at a trial by a worker of the cluster, as home sees it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from harness.core.errors import HarnessError
from harness.core.files import unwritable
from harness.execution.cluster.book import aside
from harness.execution.cluster.fleet import Gone, Worker
from harness.execution.cluster.messages import End, Report
from harness.queue.base import Claim
from harness.runs.recorder import Recorder
from harness.runs.transfer import Inbox, OutOfStep, parts_of


class Questions(NamedTuple):
    """Questions that the driver answers while a trial is trained."""

    stopping: Callable[[], bool]  # whether the run is to end
    gives_up: Callable[[str], bool]  # whether a search drops the trial of a cell now
    beat: Callable[[], float]  # seconds that a worker waits for news before it answers


async def train(
    claim: Claim,
    knobs: Mapping[str, Any],
    keep_all: bool,
    recorder: Recorder,
    worker: Worker,
    ask: Questions,
) -> End:
    """Send what the record has of the trial, have it trained, and record what comes back.

    Raises Gone where the worker dies; what has arrived until then is in the record.
    """
    for part in parts_of(recorder.folder):
        await worker.call("receive", claim.key, [part])
    report = await worker.call("start", claim, knobs, keep_all, ask.beat())
    inbox = Inbox(recorder)
    try:
        return await _listen(claim, report, inbox, worker, ask)
    except OutOfStep as error:
        raise Gone(f"what it sent does not fit the record ({error})") from None
    except OSError as error:
        if words := unwritable(error):
            raise HarnessError(words) from None
        raise
    finally:
        inbox.close()


async def _listen(
    claim: Claim, report: Report, inbox: Inbox, worker: Worker, ask: Questions
) -> End:
    told = False
    while True:
        if report.parts:
            await aside(inbox.take, report.parts)
        if report.asks:
            await worker.call("answer", ask.gives_up(claim.cell))
        if report.end is not None:
            return report.end
        if ask.stopping() and not told:
            await worker.call("stop")
            told = True
        report = await worker.call("poll", ask.beat())
