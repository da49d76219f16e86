"""Layout of a study in W&B's interface, as plain data; all panels are defined here.

`mirror.publish` makes a workspace view and a report of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.metrics.neighbours import SCORES
from harness.runs.plan import PlanRecord

TITLE_LENGTH = 128  # W&B's limit

Runs = Literal["trials", "report"]  # the trials of the study by cell, or its one run of results


@dataclass(frozen=True)
class Panel:
    """One panel: a curve by images shown, media, or a table; `keys` as they are logged."""

    kind: Literal["curve", "media", "table"]
    title: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """Panels about the same runs, under one heading."""

    title: str
    text: str
    runs: Runs
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Publication:
    """A study in W&B: its runs, texts and panels."""

    project: str
    run_name: str
    title: str
    question: str
    verdict: str
    cells: int
    sections: tuple[Section, ...]

    def filters(self, runs: Runs | None = None) -> str:
        """Which runs are meant, as W&B writes it; None: all of the study."""
        group = f"Group == {self.run_name!r}"
        which = {"trials": "JobType != 'report'", "report": "JobType == 'report'"}
        return f"{group} and {which[runs]}" if runs else group


AXIS = "kimg"
GROUPED_BY = "JobType"  # of a trial its cell

TRAINING = (
    Panel("curve", "Losses of the discriminator", ("discriminator_loss",)),
    Panel("curve", "Losses of the generator", ("generator_loss",)),
    Panel("curve", "Accuracy on real images", ("real_accuracy",)),
    Panel("curve", "Accuracy on generated images", ("fake_accuracy",)),
    Panel("curve", "Probability of augmentation", ("augmentation_probability",)),
    *(Panel("curve", name.capitalize(), (name,)) for name in SCORES),
)


def study_publication(
    plan: PlanRecord, project: str, verdict: str, figures: Sequence[str]
) -> Publication:
    """How the study of a plan is shown; `figures` are names of those in its report."""
    pictures = tuple(Panel("media", name.capitalize(), (f"figures/{name}",)) for name in figures)
    return Publication(
        project=project,
        run_name=plan.run_name,
        title=f"{plan.title} ({plan.run_name})"[:TITLE_LENGTH],
        question=plan.question,
        verdict=verdict,
        cells=len(plan.cells),
        sections=(
            Section(
                "Ranking",
                "Effects are KID(following) − KID(ignoring), seed by seed: negative helps.",
                "report",
                (Panel("table", "Ranking", ("ranking",)), *pictures),
            ),
            Section(
                "KID by cell",
                "Mean and standard error over the seeds of a cell, by thousands of images shown.",
                "trials",
                (Panel("curve", "KID", ("kid",)),),
            ),
            Section(
                "Sample grids",
                "All from the same latents; validation images for comparison.",
                "trials",
                (
                    Panel("media", "Validation images", ("validation_images",)),
                    Panel("media", "Samples", ("samples",)),
                ),
            ),
            Section("Training", "By cell, as above.", "trials", TRAINING),
        ),
    )
