"""A worker of a cluster whose first training raises an error in its middle, once of all workers.

`python -m tests.raising` is a driver whose actors are such workers: it runs the study `tiny` of the
current folder on the cluster at RAY_ADDRESS. The study's title is the path of a file, which the
worker creates that fails.
"""

import sys
from contextlib import suppress
from pathlib import Path

from harness import app
from harness.config.runtime import Runtime
from harness.execution.cluster.actor import Actor
from harness.execution.local import Outcome
from harness.execution.options import Cluster, Options

ERROR = "the first training has an error"


class RaisingActor(Actor):
    """An actor that trains as those of the product do, but for one evaluation."""

    def begin(self, kept):
        about = super().begin(kept)
        from harness.execution.worker.listener import Listener

        evaluated, mark = Listener._evaluated, Path(self._plan.title)

        def raises(listener, row):
            evaluated(listener, row)
            if listener.session.iteration:
                with suppress(FileExistsError):
                    mark.open("x").close()
                    raise RuntimeError(ERROR)

        Listener._evaluated = raises
        return about


def drive():
    """Run the study; the exit code."""
    from harness.execution.cluster import fleet

    fleet.Actor = RaisingActor
    runtime = Runtime()
    planned, _ = app.plan("tiny", runtime)
    outcome = app.run(planned, runtime, Options(cluster=Cluster("ray")))
    return 0 if outcome is Outcome.DONE else 130


if __name__ == "__main__":
    from tests.raising import drive as drive_by_name  # actors are found by their module's name

    sys.exit(drive_by_name())
