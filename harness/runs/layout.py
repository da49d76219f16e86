"""Where everything of a run lies, and what its files are called. No other module names a file here.

runs/                         `Runtime.runs`; each name below is a constant of this module
  speed.json                  how fast like trials were here, for forecasts
  cache/                      decoded images, features, encoders: can be deleted
  damaged/                    trials that were set aside
  studies/<run name>/         one run of a study
    plan.json                 what is trained and how it is judged (`runs.plan`)
    arithmetic.json           the number of threads, chosen when the run was begun
    importances.json          of a search, as its report last asked for them
    ledger.log, enqueue.lock  the queue (`harness.queue` names and writes them)
    driver.lock, search.lock  held by those who drive the run, and who adds a suggestion
    worker-<n>.log            messages of each worker
    job.json                  on a cluster: the job that was last started to drive it
    supplies.json             on a cluster: the inputs of trainings, as they lie here
    gather.log, mirror.log, ray.log   messages of who loads them, of who writes to W&B, and of Ray
    wandb/                    the mirror (`mirror.places` has its layout)
  trials/<key>/               one training, shared by all runs that need it
    config.json               every knob by its dotted name
    images.json               how many images it was trained on and scored with, what was left out
    metrics.jsonl             training rows, one a log interval
    evaluations/<identity>.jsonl   one row an evaluation; <identity>.json says what was asked
    result.json               written once, when the trial ended as `finished` or `diverged`
    pruned.json               a search gave it up after this iteration; other studies train it on
    failure.json              the last crash: error, log tail, attempt
    env.json                  one entry an attempt: versions, device, arithmetic, git commit
    samples/<iteration>.png   the fixed latent grid through training
    interpolation.png         on the way between the first latents of that grid, at the end
    validation.png            validation images, as many as the grid has
    nearest.png, nearest.json   at the end, the images of the grid next to their nearest training
    validation_nearest.png      images, how near images are, and the same of validation images
    generators/<iteration>.npz     EMA generators kept for scoring
    checkpoint/               the states to continue from: last.npz, before.npz, best.npz
    digests.json              what the files of an ended trial held when they were written
    damaged/                  what was set aside, each under its name and the time
    log.txt, lock, progress.json   messages, who holds it, how far it is
reports/<run name>/record/    the part of the above that is published with a report, as in runs/
"""

from dataclasses import replace
from pathlib import Path

from harness.config.runtime import Runtime, is_name

# of a run
PLAN = "plan.json"
ARITHMETIC = "arithmetic.json"
IMPORTANCES = "importances.json"
JOB = "job.json"
DRIVER_LOCK, SEARCH_LOCK = "driver.lock", "search.lock"
WORKER_LOGS = "worker-*.log"
SUPPLIES, GATHER_LOG, MIRROR_LOG = "supplies.json", "gather.log", "mirror.log"
RAY_LOG = "ray.log"
WANDB = "wandb"

# of all runs
SPEED = "speed.json"

# of a trial
CONFIG = "config.json"
IMAGES = "images.json"
METRICS = "metrics.jsonl"
RESULT = "result.json"
PRUNED = "pruned.json"
FAILURE = "failure.json"
ENVIRONMENT = "env.json"
INTERPOLATION = "interpolation.png"
VALIDATION = "validation.png"
NEAREST_PAIRS, VALIDATION_PAIRS = "nearest.png", "validation_nearest.png"
PICTURES = (INTERPOLATION, VALIDATION, NEAREST_PAIRS, VALIDATION_PAIRS)
NEAREST = "nearest.json"
DIGESTS = "digests.json"
LOG, LOCK, PROGRESS = "log.txt", "lock", "progress.json"
EVALUATIONS, SAMPLES, GENERATORS, CHECKPOINT = "evaluations", "samples", "generators", "checkpoint"
LAST, BEFORE, BEST = "last.npz", "before.npz", "best.npz"  # checkpoints: the newest, that before it

ASIDE = "damaged"  # the folder, in any of these, of what was set aside


def worker_log(number: int) -> str:
    """The file name of a worker's log."""
    return WORKER_LOGS.replace("*", str(number))


def sample(iteration: int) -> str:
    """The grid after an iteration, in a trial's folder."""
    return f"{SAMPLES}/{iteration:08d}.png"


def generator(iteration: int) -> str:
    """The EMA generator after an iteration, in a trial's folder."""
    return f"{GENERATORS}/{iteration:08d}.npz"


def scores(identity: str) -> str:
    """The rows of a metric identity, in a trial's folder."""
    return f"{EVALUATIONS}/{identity}.jsonl"


def about(identity: str) -> str:
    """The description of a metric identity, in a trial's folder."""
    return f"{EVALUATIONS}/{identity}.json"


def plan_file(run_name: str, runtime: Runtime) -> Path:
    """The plan of a run."""
    return runtime.study(run_name) / PLAN


def run_folders(runtime: Runtime) -> list[Path]:
    """The folders of runs, with a plan or without, in the order of their names."""
    return sorted(path for path in runtime.all_runs.glob("[!.]*") if path.is_dir())


def run_names(runtime: Runtime) -> list[str]:
    """The runs that were started here and have a plan."""
    return [folder.name for folder in run_folders(runtime) if (folder / PLAN).exists()]


def holding(run_name: str, runtime: Runtime) -> Runtime:
    """These folders, or those of the published record if `runs` has no such run."""
    if not is_name(run_name):
        return runtime  # the path of a study file
    published = replace(runtime, runs=runtime.published(run_name))
    here, there = (plan_file(run_name, place).exists() for place in (runtime, published))
    return published if there and not here else runtime


def published_plans(runtime: Runtime) -> list[Path]:
    """The plans in all records that are published with their reports."""
    return sorted(runtime.reports.glob(f"*/record/studies/*/{PLAN}"))
