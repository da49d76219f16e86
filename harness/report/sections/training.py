"""Training dynamics."""

from harness.metrics.health import PULL
from harness.report.blocks import Block, Figure, Heading, Text
from harness.report.data import ReportData
from harness.report.plots.dynamics import draw_dynamics, dynamics_info
from harness.report.plots.marks import looks
from harness.report.sections.curves import ENDS, ROOM
from harness.report.sketch import Sketch


def _about_pulls(data: ReportData) -> str:
    if not any(str(name).endswith(PULL) for name in data.frames.training):
        return ""
    return (
        " The pull of a penalty is the length of its weighted gradient as a share of that of the "
        "loss it is added to, measured with each evaluation."
    )


def build(data: ReportData) -> list[Block]:
    """Losses, accuracies and augmentation probability of all cells."""
    head = Heading("Training dynamics", "training")
    info = dynamics_info(
        data.named(data.frames.training), [data.names[cell] for cell in data.ends(ROOM)]
    )
    if not info:
        return [head, Text("No training statistics have been recorded yet.", "note")]
    caption = (
        "Means over the seeds still training. Losses of different kinds are on different scales "
        "and say nothing of quality; the accuracy on real images drives adaptive augmentation."
        + _about_pulls(data)
        + (f" {ENDS}" if len(data.labels) > ROOM else "")
    )
    alt = f"Lines of {', '.join(panel.label for panel in info)} for each cell over training."
    draw = Sketch(draw_dynamics, info, looks(*data.legend))
    return [head, Figure("dynamics", draw, alt, caption)]
