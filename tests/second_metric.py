"""A further metric in a synthetic record, as `harness evaluate` leaves it there."""

import json
from collections.abc import Mapping

from harness.config.runtime import Runtime
from harness.core.files import read_json
from tests.synthetic import Recipe, write_json

IDENTITY = "custom.64.bilinear.subsets100x500.n5760.m5760.ref-00000000.enc-9e8d7c6b"
LABEL = "squeezenet at 64 px"


def add_metric(
    runtime: Runtime, effects: Mapping[str, float], recipe: Recipe | None = None
) -> None:
    """Score every trial by a second encoder, of another scale.

    By it the KIDs of the cell of a tip differ by `effects` (tip → further effect on the cell).
    """
    recipe = recipe or Recipe()
    moved = {recipe.label(tip): effects.get(tip.name, 0.0) for tip in recipe.tips}
    plan = read_json(runtime.study(recipe.run_name) / "plan.json")
    for row in plan["trials"]:
        folder = runtime.trials / row["key"] / "evaluations"
        for path in list(folder.glob("inception*.jsonl")):
            scores = [json.loads(line) for line in path.read_text().splitlines()]
            for score in scores[1:]:
                score["kid"] += moved.get(row["cell"], 0.0)
            kids = [{**score, "kid": 3 * score["kid"]} for score in scores]
            text = "".join(json.dumps(score) + "\n" for score in kids)
            (folder / f"{IDENTITY}.jsonl").write_text(text)
            about = {"requests": ["12345678"], "identity": IDENTITY, "protocol": "subsets",
                     "m": 5760, "n": 5760, "encoder": "custom", "file": "squeezenet.keras",
                     "resolution": 64, "resizer": "bilinear", "reference": "00000000",
                     "encoder_digest": "9e8d7c6b"}  # fmt: skip
            write_json(folder / f"{IDENTITY}.json", about)
