"""A folder with studies, runs and reports of its own, and the command line in it."""

import io
import json
import os
import subprocess
import sys
from contextlib import (
    ExitStack,
    chdir,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
    suppress,
)
from unittest.mock import patch

from harness import cli
from harness.execution.local import Outcome

CLOCK = {"seconds", "evaluation_seconds", "images_per_second"}
STUDY = """
title: End to end
question: Does it work?
sources: [S0]
baseline:
  data.name: digits
  data.image_size: 16
  generator.width: 8
  discriminator.width: 8
  training.batch_size: 16
  training.kimg: {kimg}
  training.evaluations: 5
  evaluation.samples: 256
  evaluation.subset_size: 128
heuristics: [{tips}]
design: one_at_a_time
seeds: {seeds}
"""


@contextmanager
def one_core():
    """Inside, what is started has one core, and so one worker of one thread."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def working_here():
    """Inside, the code of a worker leaves threads and signals of this process as they are."""
    import tensorflow as tf

    with ExitStack() as patches:
        for kind in ("intra", "inter"):
            name = f"set_{kind}_op_parallelism_threads"
            patches.enter_context(patch.object(tf.config.threading, name))
        patches.enter_context(patch("harness.core.stop.Stop.install"))
        yield


def beyond_threads(errors):
    """What a verb says on stderr, but for the line on a run that goes on with other threads."""
    lines = errors.splitlines(keepends=True)
    return "".join(line for line in lines if " goes on with " not in line)


class Place:
    """Verbs that train run in a process of their own; `call` is for those that need none."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {
            **os.environ,
            "HARNESS_RUNS": "runs",
            "HARNESS_REPORTS": "reports",
            "HARNESS_STUDIES": "studies",
            "WANDB_MODE": "offline",
        }
        (folder / "studies").mkdir(parents=True, exist_ok=True)

    def share(self, cache):
        """Decoded images, their classifier and compiled programs, which other places have, too."""
        cache.mkdir(exist_ok=True)
        (self.folder / "runs").mkdir(exist_ok=True)
        with suppress(FileExistsError):
            (self.folder / "runs/cache").symlink_to(cache.resolve())

    def write(self, text, name="one"):
        (self.folder / "studies" / f"{name}.yaml").write_text(text)

    def study(self, name, kimg=0.8, tips="adam_beta_1_half", seeds=2):
        self.write(STUDY.format(kimg=kimg, tips=tips, seeds=seeds), name)

    def start(self, *arguments, one_core=False, **environment):
        pin = ["taskset", "-c", "0"] if one_core else []
        return subprocess.Popen(
            [*pin, sys.executable, "-m", "harness", *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments, code=0, **options):
        """Output and errors together; on `one_core` there is one worker, with the same bits."""
        process = self.start(*arguments, **options)
        output, _ = process.communicate(timeout=900)
        assert process.returncode == code, output
        assert "Traceback" not in output
        return output

    def ended(self, *arguments):
        """In a process of its own: exit code, output, errors."""
        process = subprocess.run(
            [sys.executable, "-m", "harness", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return process.returncode, process.stdout, process.stderr

    def call(self, *arguments, **environment):
        """In this process, which is much faster: exit code, output, errors."""
        out, errors = io.StringIO(), io.StringIO()
        with (
            chdir(self.folder),
            patch.dict(os.environ, self.environment | environment),
            patch.object(sys, "argv", ["harness", *arguments]),
            redirect_stdout(out),
            redirect_stderr(errors),
        ):
            try:
                cli.main()
                code = 0
            except SystemExit as end:
                code = end.code or 0
        return code, out.getvalue(), errors.getvalue()

    def drive(self, *arguments, **environment):
        """As `run`, but the driver is this process, and only its workers have their own."""
        code, output, errors = self.call(*arguments, **environment)
        assert (code, beyond_threads(errors)) == (0, ""), output + errors
        return output

    def here(self, *arguments):
        """As `call`; the worker too works in this process, where TensorFlow is ready; no W&B."""
        quiet = {"WANDB_MODE": "disabled"}

        def run_local(specs, driver, deadline):
            """One worker after the other while work is left; deaths are told to the driver."""
            while driver.work_left() or driver.goes_on():
                argv, log = specs[0].argv, specs[0].log
                work = [word for word in argv[argv.index("harness") + 1 :] if word != "--stay"]
                code, output, errors = self.call(*work, **quiet, **specs[0].env)
                log.parent.mkdir(parents=True, exist_ok=True)
                with log.open("a") as file:
                    file.write(output + errors)
                if code:
                    driver.on_death(0, code)
            return Outcome.DONE

        with working_here(), patch("harness.execution.driver.run_local", run_local):
            return self.call(*arguments, **quiet)

    def look(self, *arguments):
        """What a verb that trains nothing prints, called in this process."""
        code, output, errors = self.call(*arguments)
        assert (code, errors) == (0, "")
        return output

    def plan(self, name, *more):
        return json.loads(self.look("plan", name, "--json", *more))

    def trials(self):
        return sorted(self.folder.glob("runs/trials/*"))


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def timeless(path):
    """The rows of a file without what a clock says."""
    return [{k: v for k, v in row.items() if k not in CLOCK} for row in rows(path)]
