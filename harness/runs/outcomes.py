"""How trials end: each way defined once, one count of them, and the sentence that says it.

Report, terminal, JSON and W&B take count and words from here.

- finished: trained to its end, whatever it looks like; the collapsed are among them
- collapsed: finished, and the flag `collapsed` says that hardly any variety is left
- diverged: ended by itself, since a loss or a weight was not finite
- crashed: every attempt ended by an error, so there is neither a result nor a value
- pruned: stopped by the pruner of a search; no failure
- damaged: files of it cannot be read, or are not what was written; `harness doctor` names them
- not ended: waits, or is being trained
- flagged: finished with another flag than `collapsed`; a sign of ill health and no failure

A failure is a trial that collapsed, diverged or crashed. The rate of failures of a cell leaves the
crashed out, which are failures of a machine or of this program.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from harness.core.errors import Damaged
from harness.runs.flags import trial_flags
from harness.runs.status import Status
from harness.runs.trial import Trial

COLLAPSED = "collapsed"  # a flag


def ending(trial: Trial, request: str) -> tuple[Status, Sequence[str]]:
    """A trial's status and its flags in the metric that a plan asks for, as `Outcomes.of` takes."""
    status = trial.status()
    if not status.ended:
        return status, []
    try:
        flags = trial_flags(trial, trial.metric(request))
    except Damaged:
        return Status.DAMAGED, []
    return status, [flag.flag for flag in flags]


class Outcomes(NamedTuple):
    """How many trials ended in which way; see the module for what each means."""

    trials: int = 0
    finished: int = 0
    collapsed: int = 0
    diverged: int = 0
    crashed: int = 0
    pruned: int = 0
    damaged: int = 0
    not_ended: int = 0
    flagged: int = 0

    @classmethod
    def of(cls, trials: Iterable[tuple[Status, Sequence[str]]]) -> Self:
        """Count trials by status and flags."""
        ends = list(trials)
        counts = Counter(status for status, _ in ends)
        finished = [flags for status, flags in ends if status == Status.FINISHED]
        collapsed = sum(COLLAPSED in flags for flags in finished)
        diverged, crashed = counts[Status.DIVERGED], counts[Status.CRASHED]
        pruned, damaged = counts[Status.PRUNED], counts[Status.DAMAGED]
        return cls(
            trials=len(ends),
            finished=len(finished),
            collapsed=collapsed,
            diverged=diverged,
            crashed=crashed,
            pruned=pruned,
            damaged=damaged,
            not_ended=len(ends) - len(finished) - diverged - crashed - pruned - damaged,
            flagged=sum(bool(flags) and COLLAPSED not in flags for flags in finished),
        )

    @property
    def failures(self) -> int:
        """Trials that collapsed, diverged or crashed."""
        return self.collapsed + self.diverged + self.crashed

    @property
    def finished_of(self) -> str:
        """How many finished, as "3 of 3"."""
        return f"{self.finished} of {self.trials}"

    @property
    def short(self) -> list[str]:
        """Counts of trials that did not end well, a phrase each; empty where all did."""
        phrases = {
            f"{self.collapsed} collapsed": self.collapsed,
            f"{self.diverged} diverged": self.diverged,
            f"{self.crashed} crashed": self.crashed,
            f"{self.pruned} pruned": self.pruned,
            f"{self.damaged} damaged": self.damaged,
            f"{self.not_ended} not ended": self.not_ended,
        }
        return [phrase for phrase, count in phrases.items() if count]

    @property
    def others(self) -> str:
        """The rest of the sentence: failures, trials that have not ended, flags."""
        parts = self.short
        if self.collapsed:  # of those that finished, which the sentence has just counted
            of_them = "all" if self.collapsed == self.finished else f"{self.collapsed}"
            parts[0] = f"{of_them} of them collapsed"
        if not self.failures and self.finished:
            parts.insert(0, "no failure so far" if self.not_ended else "no failure")
        if self.flagged:
            parts.append(f"{self.flagged} with {'other flags' if self.collapsed else 'a flag'}")
        return ", ".join(parts)

    @property
    def sentence(self) -> str:
        """The whole count without a full stop: "3 of 3 trials finished, all of them collapsed"."""
        noun = "trial" if self.trials == 1 else "trials"
        others = self.others
        return f"{self.finished_of} {noun} finished" + (f", {others}" if others else "")

    def to_json(self) -> dict[str, int]:
        """For other programs: every count, and the failures among them."""
        return {**self._asdict(), "failures": self.failures}
