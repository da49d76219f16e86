"""What a trial of S0's size sends home from a node, for the row `cluster`."""

import json
from typing import Any

from benchmarks.measure import Target, line
from benchmarks.place import place

MOST = 2.0  # times the record
EVALUATIONS = 10  # of an hour-long trial: S0's
MINUTES = 60
MB = 1e6


def measure(quick: bool) -> dict[str, Any]:
    """Bytes by kind of file, those of the record, and of a checkpoint; trained for a few steps."""
    size, width, batch = (16, 16, 16) if quick else (64, 128, 16)
    study: dict[str, Any] = {
        "title": "Bytes",
        "question": "How many go home?",
        "baseline": {
            "data.name": "digits",
            "data.image_size": size,
            "generator.width": width,
            "discriminator.width": width,
            "training.batch_size": batch,
            "training.kimg": 10 * batch / 1000,
            "training.evaluations": 1 if quick else 2,
            "evaluation.protocol": "blocks",
            "evaluation.samples": 256,
        },
        "factors": {"optimizer.generator.beta_1": [0.9]},
        "design": "one_at_a_time",
        "seeds": 1,
    }
    with place() as here:
        here.run("benchmarks.encoder", "encoder.keras")
        study["baseline"]["evaluation.encoder"] = str(here.folder / "encoder.keras")
        here.study("bench", study)
        found: dict[str, Any] = json.loads(here.run("benchmarks.sent_home").output.splitlines()[-1])
    return found


def hour(checkpoint: float, record: float, evaluations: int = EVALUATIONS) -> float:
    """Bytes that an hour-long trial sends: a checkpoint a minute, and one at an evaluation.

    An evaluation that is the best so far keeps the state as `best.npz`, too, which is not sent
    again. All else is sent once, and is in the record.
    """
    return record + checkpoint * (MINUTES + evaluations + 1)


def rows(quick: bool) -> tuple[list[dict[str, Any]], dict[str, Any], list[str]]:
    """Lines, a table by kind of file, and notes."""
    found = measure(quick)
    sent, record = sum(found["sent"].values()), found["record"]
    hourly = hour(found["checkpoint"], record)
    limit = Target("ours", "<=", MOST)
    table = {
        "title": "Sent home by a trial of a few steps",
        "columns": ["files", "MB"],
        "rows": [[kind, size / MB] for kind, size in sorted(found["sent"].items())],
    }
    lines = [
        line("sent home by a trial of a few steps, times its record", "×", [sent / record], None,
             limit),
        line("sent home by an hour-long trial, computed, times its record", "×", [hourly / record],
             None, limit),
        line("record of a trial", "MB", [record / MB]),
        line("checkpoint", "MB", [found["checkpoint"] / MB]),
        line("sent home a second by a worker, hour-long trial", "MB", [hourly / 3600 / MB]),
    ]  # fmt: skip
    return (
        lines,
        table,
        [
            "What is sent: one trial of the networks of S0 (64 px, width 128; in a quick run "
            "smaller ones), ten steps, as worker and driver of a cluster exchange it. An "
            "hour-long trial is computed from these sizes: a checkpoint each minute, and at "
            f"{EVALUATIONS} evaluations and that of the untrained generator one more. The record "
            "keeps no checkpoint of a trial that has ended: that is the "
            "price of losing a minute at most."
        ],
    )
