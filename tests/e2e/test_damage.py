"""Damage to each kind of file: a message that names it, or a recovery; never a traceback.

HARNESS_DAMAGES: how many cases the long test tries.
"""

import os
import random
import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.faults import Site, differences

pytestmark = pytest.mark.tf
MANY = int(os.environ.get("HARNESS_DAMAGES", "120"))
KEY = "{key}"
FILES = [
    *(f"runs/trials/{KEY}/{name}" for name in (
        "config.json", "env.json", "metrics.jsonl", "result.json", "digests.json", "log.txt",
        "lock", "interpolation.png", "validation.png", "nearest.png", "nearest.json",
        "samples/*.png", "evaluations/*.jsonl", "evaluations/*.json",
        "generators/*.npz",
    )),
    *(f"runs/studies/tiny/{name}" for name in (
        "plan.json", "ledger.log", "arithmetic.json", "driver.lock", "search.lock", "enqueue.lock",
        "worker-0.log",
    )),
    "runs/speed.json",
]  # fmt: skip
LOOKING = (["status"], ["report", "tiny"], ["plan", "tiny"], ["show", KEY], ["doctor"])


def truncated(path, draw):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zeroed(path, draw):
    content = bytearray(path.read_bytes())
    start = draw.randrange(max(1, len(content) - 4096))
    content[start : start + 4096] = bytes(len(content[start : start + 4096]))
    path.write_bytes(content)


def flipped(path, draw):
    content = bytearray(path.read_bytes())
    for _ in range(3 if content else 0):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def deleted(path, draw):
    path.unlink()


def a_folder(path, draw):
    path.unlink()
    path.mkdir()


DAMAGES = (truncated, zeroed, flipped, deleted, a_folder)
CASES = [(file, damage) for file in FILES for damage in DAMAGES]


def damaged(whole, folder, file, damage, number):
    """A copy of the record with one file damaged; the file."""
    site = Site(folder, like=whole)
    key = sorted(site.trials())[number % 2]
    draw = random.Random(f"{file} {damage.__name__} {number}")
    (site.trials()[key] / "log.txt").touch()  # a trial that had nothing to say has none
    path = draw.choice(sorted(site.folder.glob(file.format(key=key))))
    damage(path, draw)
    return site, path, key


def looked_at(harness, site, path, key):
    """Every verb that looks: its output names the file where it refuses."""
    known = re.escape(path.name)
    for words in LOOKING:
        words = [word.format(key=key) for word in words]
        code, said = harness(site, *words)
        assert code in (0, 1, 2), (words, said)
        if code and words[0] != "doctor":
            assert re.search(known, said), (words, said)
    return code, said


def tried(whole, folder, harness, case, number, runs=False):
    file, damage = case
    site, path, key = damaged(whole, folder, file, damage, number)
    code, said = looked_at(harness, site, path, key)
    if code:
        assert path.name in said
    if runs:  # goes on, or names the file
        code, said = harness(site, "run", "tiny", "--workers", "1")
        assert code == 0 or (code == 2 and path.name in said), said
    code, said = harness(site, "doctor", "--fix")
    assert code == 0, said
    code, said = harness(site, "doctor")
    assert code == 0, said
    assert "nothing is wrong" in said
    return site


@pytest.mark.parametrize("number", range(3))
def test_some_damages(whole, tmp_path, harness, number):
    case = random.Random(f"some {number}").choice(CASES)
    tried(whole, tmp_path / "site", harness, case, number)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_kind_of_damage_to_every_kind_of_file(whole, tmp_path, harness):
    draw = random.Random("damages")
    order = draw.sample(CASES, len(CASES))
    failed = []
    for number in range(MANY):
        case = order[number % len(order)]
        folder = tmp_path / str(number)
        try:
            tried(whole, folder, harness, case, number, runs=number % 8 == 0)
        except Exception as error:  # noqa: BLE001 - all of them are told at the end
            failed.append(f"{case[0]} {case[1].__name__} ({number}): {error!r}"[:2000])
            print(failed[-1])  # at once, with -s
        shutil.rmtree(folder)
    assert failed == [], f"{len(failed)} of {MANY}"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_what_was_repaired_is_trained_again_to_the_same_record(whole, tmp_path, harness):
    """The files whose loss costs a training or a scoring."""
    for number, name in enumerate(("result.json", "metrics.jsonl", "evaluations/*.jsonl")):
        file = f"runs/trials/{KEY}/{name}"
        for damage in (flipped, deleted):
            site = tried(whole, tmp_path / f"{number}-{damage.__name__}", harness,
                         (file, damage), number)  # fmt: skip
            site.drive("run", "tiny", "--workers", "1")
            left = differences(site, whole)
            # scored again, a curve has the points of the generators that were kept
            assert [item for item in left if "/evaluations/" not in item] == []
            assert "nothing is wrong" in harness(site, "doctor")[1]
            assert Path(site.folder / "reports/tiny/index.html").exists()
