"""A run's `plan.json`, typed: cells, trials, contrasts, declared analysis, stages.

`read_plan` gives a `PlanRecord`, `write_plan` writes one. It holds enough to render the report
without the study file. Fields bear the names, and stand in the order, of the keys in the file.
Only what every version has written is needed; whatever else an older plan lacks has a default.
"""

import json
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from harness.core import format as show
from harness.core.errors import Damaged, HarnessError, unknown
from harness.core.files import parse_object, read_bytes, write_json
from harness.runs.crossed import Crossed
from harness.runs.digests import DIFFERS, document_digest
from harness.runs.plugins import PluginsRecord
from harness.runs.record import Items, Number, Record
from harness.runs.stages import LooksRecord, Search, Stages, TuningRecord

REFERENCE = "reference"  # the label of the cell of the baseline
TIP, LEVEL = "tip", "level"  # kinds of contrasts
QUALITY = "quality"  # what a claim is about, unless it says otherwise
AGAINST_ITSELF = "self_check"  # ends the run name of a study's baseline against itself
DIGEST = "digest"  # the key of the digest of all others
AGAIN = "harness run of its study, with the same --profile and --set, writes it again"  # if lost


class CellRecord(Record):
    """One level per factor: a configuration without its seed."""

    label: str
    patch: Mapping[str, Any] = {}  # where it differs from the reference
    levels: Mapping[str, str] = {}  # factor → the label of its level that the cell has
    request: str  # what is asked of its metric (`config.identity.metric_request`)
    warnings: Items[str] = ()
    config: Mapping[str, Any] = {}  # every knob by its dotted name, at seed 0


class TrialRecord(Record):
    """Cell times seed: one training, by its key."""

    cell: str
    seed: int
    key: str


class ClaimRecord(Record):
    """A claim of a source about a tip."""

    source: str
    effect: str  # helps, hurts, no_effect, depends
    of: str = QUALITY
    condition: str = ""
    met: bool | None = None  # whether the condition holds in the cells that follow; None: unknown
    quote: str = ""


class ContrastRecord(Record):
    """A row of weights over cells: a tip followed less ignored, or a level less another one."""

    name: str
    kind: str = LEVEL
    title: str = ""
    following: str = ""  # the cell with positive weight, or how many there are
    ignoring: str = ""
    weights: Mapping[str, Number]  # cell label → weight; they sum to zero
    design: str = ""
    heuristic: str | None = None  # the tip's id
    claims: Items[ClaimRecord] = ()

    def claims_of(self, what: str) -> list[ClaimRecord]:
        """Its claims about `what`: quality, stability, variety, fidelity."""
        return [claim for claim in self.claims if claim.of == what]


class Deviation(NamedTuple):
    """Part of the analysis that was changed after results were visible."""

    name: str
    declared: Any
    now: Any


class PlanRecord(Record):
    """Cells and trials of a run, how it is judged, and the contrasts of its ranking."""

    run_name: str
    study: str
    profile: str | None
    changes: Mapping[str, Any] = {}  # one-off changes of the baseline
    title: str
    question: str
    sources: Items[str] = ()
    note: str = ""
    evidence: bool = True  # False: nothing is judged in this profile
    design: str = ""
    resolution: int | None = None
    metric: str | None = None
    metrics: Items[Mapping[str, Any]] = ()  # knobs of the evaluation by each further one
    objective: str = "final"
    threshold: Number | None = None
    equivalence: Number = 0.05
    alpha: Number = 0.05
    seeds: Items[int]  # those that judge
    declared: Mapping[str, Any] = {}  # field → its value before the first trial ended
    analysis_digest: str = ""
    reference: str = REFERENCE
    cells: Items[CellRecord]
    contrasts: Items[ContrastRecord] = ()
    crossed: Crossed | None = None
    trials: Items[TrialRecord]  # seed-major: every prefix is balanced; what tunes goes first
    tuning: TuningRecord | None = None
    search: Search | None = None
    looks: LooksRecord | None = None
    plugins: PluginsRecord | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data; further metrics, stages and plug-ins that it does not have bear no key."""
        document = super().to_json()
        return {
            name: value
            for name, value in document.items()
            if value or name not in ("metrics", "tuning", "search", "looks", "plugins")
        }

    def __repr__(self) -> str:
        counts = f"{len(self.cells)} cells, {len(self.trials)} trials"
        return f"PlanRecord({self.run_name}: {counts})"

    @cached_property
    def _cells(self) -> Mapping[str, CellRecord]:
        return {cell.label: cell for cell in self.cells}

    def cell(self, label: str) -> CellRecord:
        """A cell by its label, or an error with the nearest."""
        if label not in self._cells:
            raise HarnessError(unknown("cell", label, self._cells))
        return self._cells[label]

    @property
    def labels(self) -> list[str]:
        """Of the cells, in their order."""
        return [cell.label for cell in self.cells]

    @property
    def keys(self) -> set[str]:
        """Of the trials."""
        return {trial.key for trial in self.trials}

    @property
    def tips(self) -> list[ContrastRecord]:
        """The contrasts that are tips."""
        return [contrast for contrast in self.contrasts if contrast.kind == TIP]

    def contrast(self, name: str) -> ContrastRecord:
        """A contrast by its name, or an error with the nearest."""
        known = {contrast.name: contrast for contrast in self.contrasts}
        if name not in known:
            raise HarnessError(unknown("contrast", name, known))
        return known[name]

    def request(self, trial: TrialRecord) -> str:
        """The metric request of a trial."""
        return self.cell(trial.cell).request

    def knobs(self, trial: TrialRecord) -> dict[str, Any]:
        """Every knob of a trial by its dotted name."""
        return {**self.cell(trial.cell).config, "seed": trial.seed}

    def command(self, verb: str, *more: str) -> str:
        """The command line of a verb for this run, as a shell reads it, with `more` words."""
        if verb == "run" and self.run_name.endswith(f"-{AGAINST_ITSELF}"):
            verb = "self-check"
        return shlex.join(["harness", verb, *self.words, *more])

    @property
    def words(self) -> list[str]:
        """The study and its options, which name this run on the command line."""
        return [self.study, *(word for option in self.options for word in option)]

    @property
    def options(self) -> list[tuple[str, str]]:
        """Options and their values that, with the study, name this run on the command line."""
        profile = [("--profile", self.profile)] if self.profile else []
        changes = [("--set", f"{path}={json.dumps(v)}") for path, v in self.changes.items()]
        return [*profile, *changes]

    @property
    def stages(self) -> Stages:
        """How its trials follow from one another."""
        return self.tuning or self.search or self.looks or Stages()

    @property
    def seeds_each(self) -> str:
        """How many seeds a cell is trained with, in words."""
        return seeds_each(self.seeds, self.looks)

    @property
    def judged(self) -> "PlanRecord":
        """The plan without the cells and trials that only serve a tuning: what is ranked."""
        return self.part(self.stages.is_judged)

    @property
    def unjudged(self) -> "PlanRecord":
        """The cells and trials that only serve a tuning: points, and cells as they were untuned."""
        return self.part(lambda label: not self.stages.is_judged(label))

    def part(self, keep: Callable[[str], bool]) -> "PlanRecord":
        """The plan with some of its cells, by label, and their trials."""
        return self.replaced(
            cells=tuple(cell for cell in self.cells if keep(cell.label)),
            trials=tuple(trial for trial in self.trials if keep(trial.cell)),
        )

    def only(self, keys: Collection[str]) -> "PlanRecord":
        """The plan with some of its trials, by key, and all cells."""
        return self.replaced(trials=tuple(one for one in self.trials if one.key in keys))

    @property
    def deviations(self) -> list[Deviation]:
        """How the analysis differs from what was declared before the first trial ended."""
        now = {**self.to_json(), **self.stages.declared}
        before = {**dict.fromkeys(self.stages.declared if self.declared else ()), **self.declared}
        pairs = ((name, value, now.get(name)) for name, value in before.items())
        return [Deviation(*pair) for pair in pairs if pair[1] != pair[2]]


def seeds_each(seeds: Sequence[int], looks: LooksRecord | None) -> str:
    """How many of the declared seeds a cell is trained with, in words."""
    most = "up to " if looks else ""
    return f"{most}{show.count(len(seeds), 'seed')}"


def read_plan(path: Path) -> PlanRecord | None:
    """The plan in a `plan.json`; None where there is none, Damaged where it is not what it was."""
    content = read_bytes(path)
    try:
        return None if content is None else _parsed(content)
    except Damaged as error:
        raise Damaged(path, error.why) from None


@lru_cache(4)
def _parsed(content: bytes) -> PlanRecord:
    """The plan in a file, by its content: a verb reads it several times."""
    nowhere = Path()  # for messages; who asks knows the file
    document = parse_object(nowhere, content)
    recorded = document.pop(DIGEST, None)  # an earlier version wrote none
    if recorded is not None and recorded != document_digest(document):
        raise Damaged(nowhere, DIFFERS)
    return PlanRecord.parse(document, nowhere)


def write_plan(path: Path, plan: PlanRecord) -> None:
    """Write a `plan.json`, with the digest that `read_plan` checks."""
    document = plan.to_json()
    write_json(path, {**document, DIGEST: document_digest(document)})
