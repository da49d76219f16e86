"""Reading the record of truth: what a trial's folder says. Written by `tracking.record`.

runs/trials/<key>/
  config.json               every knob by its dotted name
  metrics.jsonl             training rows, one a log interval
  evaluations/<identity>.jsonl   one row an evaluation; <identity>.json says what was asked
  result.json               written once, when the trial ended as `finished` or `diverged`
  pruned.json               a search gave it up: after which iteration; whoever needs it trains it
  failure.json              the last crash: error, log tail, attempt
  env.json                  one entry an attempt: versions, device, arithmetic, git commit
  samples/<iteration>.png   the fixed latent grid through training
  interpolation.png         on the way between the first latents of that grid, at the end
  generators/<iteration>.npz   EMA generators kept for scoring
  checkpoint/, log.txt, lock, progress.json
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.config.patch import unflatten
from harness.config.trial import TrialConfig
from harness.files import read_json, read_lines

INTERPOLATION = "interpolation.png"
FINAL = "kid_final"  # what the summary of a run in W&B calls the objective of its trial
FINISHED, DIVERGED, CRASHED, PRUNED = "finished", "diverged", "crashed", "pruned"
STATES = (FINISHED, DIVERGED, CRASHED, PRUNED, "begun", "missing")


@dataclass(frozen=True)
class Trial:
    """One trial's folder, read when asked."""

    folder: Path

    @property
    def key(self) -> str:
        """The trial's identity, which names its folder."""
        return self.folder.name

    def config(self) -> TrialConfig:
        """The resolved configuration."""
        return unflatten(read_json(self.folder / "config.json"))

    def result(self) -> dict[str, Any] | None:
        """How the training ended; None while it has not."""
        result: dict[str, Any] | None = read_json(self.folder / "result.json")
        return result

    def failure(self) -> dict[str, Any] | None:
        """The last crash, of training or of scoring, if neither has succeeded since."""
        failure: dict[str, Any] | None = read_json(self.folder / "failure.json")
        return failure

    def pruned(self) -> dict[str, Any] | None:
        """Where a search gave it up, if nobody has trained it since."""
        pruned: dict[str, Any] | None = read_json(self.folder / "pruned.json")
        return pruned

    def state(self) -> str:
        """One of STATES."""
        if result := self.result():
            return str(result["status"])
        if self.failure() is not None:
            return CRASHED
        if self.pruned() is not None:
            return PRUNED
        return "begun" if (self.folder / "config.json").exists() else "missing"

    def environment(self) -> list[dict[str, Any]]:
        """Versions, device and arithmetic of each attempt."""
        return read_json(self.folder / "env.json") or []

    def training_rows(self) -> list[dict[str, Any]]:
        """The rows of `metrics.jsonl`."""
        return read_lines(self.folder / "metrics.jsonl")

    def metrics(self) -> dict[str, dict[str, Any]]:
        """Metric identity → what it is (`requests` that it answers, protocol, encoder, ...)."""
        specs = sorted((self.folder / "evaluations").glob("*.json"))
        return {path.stem: read_json(path) for path in specs}

    def metric(self, request: str) -> str | None:
        """The metric identity that answers `request`; None where it was never scored so."""
        found = [name for name, spec in self.metrics().items() if request in spec["requests"]]
        return found[-1] if found else None

    def evaluation_rows(self, identity: str) -> list[dict[str, Any]]:
        """The rows of one metric identity, in the order of training."""
        return read_lines(self.folder / "evaluations" / f"{identity}.jsonl")

    def samples(self) -> list[Path]:
        """Sample grids in the order of training."""
        return sorted((self.folder / "samples").glob("*.png"))

    def interpolation(self) -> Path | None:
        """The way between latents; None before the end, and of a translation or an older record."""
        path = self.folder / INTERPOLATION
        return path if path.exists() else None
