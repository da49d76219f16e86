#!/usr/bin/env bash
# wandb 0.31.0 (offline): one NaN in a metric whose smallest or largest value is kept.
#
# Done: define_metric asks for the smallest of one metric and the largest of another; 3, 1, NaN, 2,
# 0.5 and 4 are logged in an offline run, whose file is then read with wandb's own `wandb leet
# inspect`. One would expect 0.5 and 4, or at worst a NaN for that step.
# Instead both are NaN from that step on, for good: no later number replaces it, though the
# history has them all. The best value of a run that diverged for one step and recovered is lost.
# Remedy: log only what is finite.
#
# Seen:
#   wandb 0.31.0
#   finite: {'loss': {'last': 4, 'min': 0.5}, 'score': {'last': 4, 'max': 4}}
#   nan: {'loss': {'last': 4, 'min': 'NaN'}, 'score': {'last': 4, 'max': 'NaN'}}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check wandb==0.31.0
cd "$folder"
export HOME="$folder" WANDB_MODE=offline WANDB_SILENT=true WANDB_ERROR_REPORTING=false
export PATH="$folder/venv/bin:$PATH"
python - <<'EOF'
import json
import math
import subprocess
import sys
from pathlib import Path

import wandb


def summary(name, values):
    """What is kept of the values, as wandb's own reader finds it in the run's file."""
    with wandb.init(project="finding", id=name) as run:
        run.define_metric("loss", summary="min,last")
        run.define_metric("score", summary="max,last")
        for value in values:
            run.log({"loss": value, "score": value})
    (log,) = Path().glob(f"wandb/offline-run-*/run-{name}.wandb")
    command = ["wandb", "leet", "inspect", "--json", "--summary", str(log)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    kept = json.loads(text)["summary"]
    found = {metric: kept[metric] for metric in ("loss", "score")}
    print(f"{name}: {found}")
    return found["loss"]["min"], found["score"]["max"]


print("wandb", wandb.__version__)
finite = summary("finite", [3, 1, 2, 0.5, 4])
broken = summary("nan", [3, 1, math.nan, 2, 0.5, 4])
if finite != (0.5, 4) or broken != ("NaN", "NaN"):
    sys.exit("the behaviour has changed")
EOF
