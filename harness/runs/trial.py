"""Reading the record of truth: what a trial's folder says. Written by `runs.recorder`.

runs/trials/<key>/
  config.json               every knob by its dotted name
  images.json               how many images it was trained on and scored with, what was left out
  metrics.jsonl             training rows, one a log interval
  evaluations/<identity>.jsonl   one row an evaluation; <identity>.json says what was asked
  result.json               written once, when the trial ended as `finished` or `diverged`
  pruned.json               a search gave it up: after which iteration; whoever needs it trains it
  failure.json              the last crash: error, log tail, attempt
  env.json                  one entry an attempt: versions, device, arithmetic, git commit
  samples/<iteration>.png   the fixed latent grid through training
  interpolation.png         on the way between the first latents of that grid, at the end
  generators/<iteration>.npz   EMA generators kept for scoring
  digests.json              what the files of an ended trial held when they were written
  damaged/                  what was found damaged and set aside, each under its name and the time
  checkpoint/, log.txt, lock, progress.json
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.config.patch import unflatten
from harness.config.trial import TrialConfig
from harness.core.errors import Damaged
from harness.core.files import (
    parse_json,
    parse_lines,
    parse_object,
    read_bytes,
)
from harness.runs import plan as records
from harness.runs.digests import DIFFERS, digest_of, read_seal
from harness.runs.pictures import whole_png

INTERPOLATION = "interpolation.png"
ASIDE = "damaged"  # the folder of what was set aside
FINAL = "kid_final"  # what the summary of a run in W&B calls the objective of its trial
FINISHED, DIVERGED, CRASHED, PRUNED = "finished", "diverged", "crashed", "pruned"
DAMAGED = "damaged"
STATES = (FINISHED, DIVERGED, CRASHED, PRUNED, DAMAGED, "begun", "missing")


def read_plan(path: Path) -> dict[str, Any] | None:
    """A run's `plan.json` as a dictionary, for readers that have not moved to `runs.plan` yet."""
    plan = records.read_plan(path)
    return None if plan is None else plan.to_json()


def write_plan(path: Path, plan: Mapping[str, Any]) -> None:
    """Write a plan that is still passed as a dictionary."""
    records.write_plan(path, records.PlanRecord.from_json(plan))


@dataclass(frozen=True)
class Trial:
    """One trial's folder, read when asked."""

    folder: Path

    @property
    def key(self) -> str:
        """The trial's identity, which names its folder."""
        return self.folder.name

    def _content(self, name: str) -> bytes | None:
        """What a file holds, checked against what was recorded of it; None where there is none."""
        path = self.folder / name
        # twice, since another process may be scoring the trial by a further metric
        for _ in range(2):
            content, seal = read_bytes(path), read_seal(self.folder)
            known = seal.files.get(name) if seal else None
            if content is None or known is None or digest_of(name, content) == known:
                return content
        raise Damaged(path, DIFFERS)

    def _object(self, name: str, *needed: str) -> dict[str, Any] | None:
        content = self._content(name)
        return None if content is None else parse_object(self.folder / name, content, *needed)

    def knobs(self) -> dict[str, Any]:
        """Every knob by its dotted name as it was recorded; none of a trial that never began."""
        return self._object("config.json") or {}

    def config(self) -> TrialConfig:
        """The resolved configuration."""
        return unflatten(self.knobs())

    def result(self) -> dict[str, Any] | None:
        """How the training ended; None while it has not."""
        result = self._object("result.json", "status")
        if result and result["status"] not in (FINISHED, DIVERGED):
            raise Damaged(self.folder / "result.json", f"a status {result['status']!r} is unknown")
        return result

    def failure(self) -> dict[str, Any] | None:
        """The last crash, of training or of scoring, if neither has succeeded since."""
        return self._object("failure.json", "error")

    def pruned(self) -> dict[str, Any] | None:
        """Where a search gave it up, if nobody has trained it since."""
        return self._object("pruned.json")

    def state(self) -> str:
        """One of STATES."""
        try:
            if result := self.result():
                return str(result["status"])
            if self.failure() is not None:
                return CRASHED
            if self.pruned() is not None:
                return PRUNED
        except Damaged:
            return DAMAGED
        return "begun" if (self.folder / "config.json").exists() else "missing"

    def environment(self) -> list[dict[str, Any]]:
        """Versions, device and arithmetic of each attempt."""
        path = self.folder / "env.json"
        content = self._content("env.json")
        attempts = [] if content is None else parse_json(path, content)
        if not isinstance(attempts, list):
            raise Damaged(path, "no list of attempts")
        return attempts

    def images(self) -> dict[str, Any] | None:
        """Facts of its images (`config.facts`); None in a record of an older version."""
        return self._object("images.json")

    def training_rows(self) -> list[dict[str, Any]]:
        """The rows of `metrics.jsonl`."""
        return self._lines("metrics.jsonl")

    def _lines(self, name: str) -> list[dict[str, Any]]:
        return parse_lines(self.folder / name, self._content(name) or b"")

    def metrics(self) -> dict[str, dict[str, Any]]:
        """Metric identity → what it is (`requests` that it answers, protocol, encoder, ...)."""
        specs = sorted((self.folder / "evaluations").glob("*.json"))
        found = {path.stem: self._object(f"evaluations/{path.name}", "requests") for path in specs}
        return {name: spec for name, spec in found.items() if spec is not None}

    def metric(self, request: str) -> str | None:
        """The metric identity that answers `request`; None where it was never scored so."""
        found = [name for name, spec in self.metrics().items() if request in spec["requests"]]
        return found[-1] if found else None

    def evaluation_rows(self, identity: str) -> list[dict[str, Any]]:
        """The rows of one metric identity, in the order of training."""
        return self._lines(f"evaluations/{identity}.jsonl")

    def scored(self, request: str, evaluations: int) -> bool:
        """Whether an ended trial has the scores that `request` asks for, as far as it was trained.

        `evaluations` are those of the whole training; its objective is made of the last ones.
        """
        identity = self.metric(request)
        return identity is not None and self.complete(identity, evaluations)

    def complete(self, identity: str, evaluations: int) -> bool:
        """Whether no row of a metric that the objective needs has been lost."""
        rows = self.evaluation_rows(identity)
        have = {row.get("evaluation") for row in rows}
        if (self.result() or {}).get("status") == DIVERGED:
            return 0 in have
        return {0, *last_evaluations(evaluations)} <= have

    def samples(self) -> list[Path]:
        """Sample grids in the order of training; those that are damaged are left out."""
        return [path for path in sorted(self._grids()) if whole_png(path)]

    def _grids(self) -> list[Path]:
        # what a killed training or an editor left beside them bears no number
        return [path for path in (self.folder / "samples").glob("*.png") if path.stem.isdigit()]

    def interpolation(self) -> Path | None:
        """The way between latents; None before the end, and of a translation or an older record."""
        path = self.folder / INTERPOLATION
        return path if whole_png(path) else None

    def damaged_pictures(self) -> list[Path]:
        """Pictures that cannot be shown."""
        way = self.folder / INTERPOLATION
        paths = [*sorted(self._grids()), *([way] if way.exists() else [])]
        return [path for path in paths if not whole_png(path)]

    def aside(self) -> list[str]:
        """What was found damaged and set aside."""
        return sorted(path.name for path in (self.folder / ASIDE).glob("*"))


def last_evaluations(evaluations: int) -> Collection[int]:
    """The numbers of the last fifth of a training's evaluations, rounded up."""
    return range(evaluations - -(-evaluations // 5) + 1, evaluations + 1)
