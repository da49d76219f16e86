"""Odd study files and settings by the hundred: a plan, or one short message; nothing else, soon."""

import json
import time

import pytest

from harness import app
from harness.config.runtime import Runtime
from harness.config.study import read
from harness.core.errors import HarnessError
from tests.fuzzing import Fuzzer

SECONDS = 6.0  # of this process, for one case: YAML of 256 kB takes two, a plan of 1,024 cells four
LONGEST, LINES = 1000, 11  # of a message: characters of a line, and lines
FEWEST = 0.2  # of the cases are planned whole: else only first checks are tried
QUICK, LONG = range(40), range(1000, 2000)  # seeds


@pytest.fixture
def here(tmp_path):
    (tmp_path / "quickstart.yaml").write_text(QUICKSTART)
    return Runtime(runs=tmp_path / "runs", reports=tmp_path / "reports", studies=tmp_path)


QUICKSTART = """title: T
question: Q?
baseline: {data.name: digits, data.image_size: 16, training.kimg: 48, training.evaluations: 10}
heuristics: [adam_beta_1_half, batch_norm_in_discriminator]
design: one_at_a_time
seeds: 3
"""


def planned(here, study, profile, changes):
    plan, _ = app.plan(study, here, profile, changes)
    app.cost(plan, here, 1)
    app.reach(plan, here)
    json.dumps(plan.to_json(), allow_nan=False)


def plan_file(here, fuzzer):
    """Plan a study file under its last profile."""
    path = here.studies / "case.yaml"
    path.write_text(fuzzer.study(), encoding="utf-8", errors="surrogatepass")
    profiles = list(read(str(path), here.studies).study.profiles)
    planned(here, str(path), profiles[-1] if profiles else None, {})


def plan_setting(here, fuzzer):
    planned(here, "quickstart", None, app.one_off([fuzzer.setting()]))


def short(message, seed):
    lines = message.split("\n")
    assert len(lines) <= LINES, seed
    assert max(map(len, lines)) <= LONGEST, seed
    assert message, seed


def tried(here, seeds, case):
    """How many of the cases were planned; what else happened is a failure that names its seed."""
    count = 0
    for seed in seeds:
        fuzzer, began = Fuzzer(seed), time.process_time()
        try:
            case(here, fuzzer)
            count += 1
        except HarnessError as error:
            short(str(error), seed)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
        assert time.process_time() - began < SECONDS, seed
    return count


@pytest.mark.parametrize("case", [plan_file, plan_setting])
def test_a_few(here, case):
    assert tried(here, QUICK, case) >= FEWEST * len(QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("case", [plan_file, plan_setting])
def test_many(here, case):
    assert tried(here, LONG, case) >= FEWEST * len(LONG)
