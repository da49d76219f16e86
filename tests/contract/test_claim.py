"""Which trial a worker gets that has some cells ready: warm ones first, in balance by a block."""

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from places import Place, jobs

from harness.queue.base import LIMIT, Claim, Job
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.status import Status


def only(*cells: str) -> Callable[[str], bool]:
    return lambda cell: cell in cells


def taken(ledger: OptunaLedger, prefers: Callable[[str], bool], count: int) -> list[str]:
    claims = [ledger.claim("w", prefers) for _ in range(count)]
    return [f"{claim.cell[-1]}{claim.seed}" if claim else "-" for claim in claims]


def test_a_ready_cell_goes_first_in_this_block_and_the_next(place: Place) -> None:
    ledger = place.open()
    ledger.enqueue(jobs(16))  # cells 0 ... 3 at seeds 0 ... 3
    assert taken(ledger, only("cell2"), 3) == ["20", "21", "00"]  # not 22: cell 1 waits at seed 0
    assert taken(ledger, only("cell3", "cell1"), 5) == ["10", "30", "11", "31", "12"]
    assert taken(ledger, only(), 9) == ["01", "02", "22", "32", "03", "13", "23", "33", "-"]


def test_a_block_that_has_ended_is_not_stepped_over(place: Place) -> None:
    ledger = place.open()
    plan = [jobs(12)[i] for i in (0, 1, 5, 8, 9)]  # the others were trained before
    ledger.enqueue(plan)
    # seed 1 is begun as a whole, and seed 2 is two blocks ahead of what waits at seed 0
    assert taken(ledger, only("cell1"), 5) == ["10", "11", "00", "12", "02"]


def test_what_failed_before_waits_although_it_is_ready(place: Place) -> None:
    ledger = place.open()
    ledger.enqueue(jobs(4))
    first = ledger.claim("w")
    assert first is not None
    ledger.finish(first, "crashed")
    assert taken(ledger, only("cell0"), 4) == ["10", "20", "30", "00"]


def test_the_seeds_of_a_plan_follow_each_other_in_its_own_order(place: Place) -> None:
    ledger = place.open()
    seeds = (7, 3, 11)
    plan = [Job(f"{c}-{seed}", f"cell{c}", seed, 2 * b + c) for b, seed in enumerate(seeds)
            for c in (0, 1)]  # fmt: skip
    ledger.enqueue(plan[::-1])
    assert taken(ledger, only("cell1"), 6) == ["17", "13", "07", "111", "03", "011"]


# cells and seeds
PLANS = [(1, (0, 1, 2, 3)), (3, (0, 1, 2, 3)), (5, (8, 2, 5)), (2, tuple(range(9)))]


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("plan", range(len(PLANS)))
def test_random_workers_keep_the_balance(place: Place, plan: int, workers: int) -> None:
    random = Random(100 * plan + workers)
    _Simulation(place, random, plan, workers).run()


class _Simulation:
    """Workers that come to the queue in random order with random cells ready."""

    def __init__(self, place: Place, random: Random, plan: int, workers: int) -> None:
        cells, seeds = PLANS[plan]
        every = [(f"cell{cell}", seed) for seed in seeds for cell in range(cells)]
        self.jobs = [
            Job(f"{cell}-{seed}", cell, seed, order)
            for order, (cell, seed) in enumerate(every)
            if order == 0 or random.random() < 0.7  # the rest was trained before
        ]
        self.random, self.cells = random, [f"cell{cell}" for cell in range(cells)]
        self.block = {seed: at for at, seed in enumerate(dict.fromkeys(j.seed for j in self.jobs))}
        self.ledgers = [place.open() for _ in range(workers)]
        self.ledgers[0].enqueue(random.sample(self.jobs, len(self.jobs)))
        self.waiting = {job.key: (1, job) for job in self.jobs}
        self.running: list[Claim] = []
        self.ended: Counter[str] = Counter()

    def run(self) -> None:
        while self.waiting or self.running:
            if self.running and self.random.random() < 0.4:
                self.finish(self.running.pop(self.random.randrange(len(self.running))))
            else:
                self.claim()
        assert self.ended == Counter(job.key for job in self.jobs)
        assert all(ledger.claim("w") is None for ledger in self.ledgers)

    def claim(self) -> None:
        warm = self.random.sample(self.cells, self.random.randint(0, len(self.cells)))
        prefers = only(*warm) if self.random.random() < 0.9 else None
        claim = self.random.choice(self.ledgers).claim("w", prefers)
        if not self.waiting:
            assert claim is None
            return
        assert claim is not None
        attempt, job = self.waiting.pop(claim.key)  # KeyError: it was taken twice
        assert (claim.attempt, claim.cell, claim.seed) == (attempt, job.cell, job.seed)
        others = [other for tried, other in self.waiting.values() if tried <= attempt]
        assert all(tried >= attempt for tried, _ in self.waiting.values())
        lowest = min(self.block[other.seed] for other in [job, *others])
        assert self.block[job.seed] <= lowest + 1
        near = [other for other in others if self.block[other.seed] <= lowest + 1]
        if prefers is not None and any(prefers(other.cell) for other in [job, *near]):
            assert prefers(job.cell)
            near = [other for other in near if prefers(other.cell)]
        assert job.order <= min((other.order for other in near), default=job.order)
        self.running.append(claim)

    def finish(self, claim: Claim) -> None:
        ledger = self.random.choice(self.ledgers)
        again = self.random.random() < 0.15 and claim.attempt < LIMIT
        assert ledger.finish(claim, "crashed" if again else "finished")
        if again:
            job = Job(claim.key, claim.cell, claim.seed, claim.order)
            self.waiting[claim.key] = (claim.attempt + 1, job)
        else:
            self.ended[claim.key] += 1


@pytest.mark.parametrize("workers", [2, 3])
def test_begun_blocks_are_never_more_than_one_ahead_of_the_first_that_waits(
    place: Place, workers: int
) -> None:
    random = Random(workers)
    ledgers = [place.open() for _ in range(workers)]
    ready = [random.sample(range(5), 2) for _ in ledgers]
    plan = [Job(f"{i}", f"cell{i % 5}", i // 5, i) for i in range(35)]
    ledgers[0].enqueue(plan)
    watcher = place.open()
    ahead = 0
    for turn in range(len(plan)):
        worker = random.randrange(workers) if turn % 3 else 0
        assert ledgers[worker].claim("w", only(*(f"cell{c}" for c in ready[worker])))
        rows = watcher.rows()
        begun = [row.seed for row in rows if row.status is not Status.WAITING]
        waits = [row.seed for row in rows if row.status is Status.WAITING]
        assert len(begun) == turn + 1
        if waits:
            ahead = max(ahead, max(begun) - min(waits))
    assert ahead == 1  # not 0: what is ready was preferred
