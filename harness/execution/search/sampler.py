"""Optuna as the adviser of a search: what to try next, what to give up, what seems to matter.

Its studies are rebuilt from the record for every question, so none can be lost or disagree with
it. Each answer follows from (seed, number of the suggestion, outcomes so far).
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, QMCSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from harness.config.catalog import PRUNERS, SAMPLERS
from harness.core.rng import derive
from harness.plan.search import ENOUGH, REFUSED, Outcome
from harness.runs.stages import Search
from harness.runs.status import Status

STARTUP = 10  # trials with a value that random draws bring before TPE's model is asked
TREES = 0  # seed of the evaluator's forest
Params = dict[str, Any]


def suggest(search: Search, outcomes: Sequence[Outcome]) -> Params:
    """Name → value of the next suggestion, after those of `search` with these outcomes."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    params: Params = SAMPLERS.load(search.sampler)(search, outcomes)
    return params


def tpe(search: Search, outcomes: Sequence[Outcome]) -> Params:
    """Tree-structured Parzen estimator, of all dimensions jointly; ten random trials first.

    Only what was trained to a value makes one of the ten: no refused or crashed suggestion, and of
    those that train the same thing the first.
    """
    valued = [
        item.cell
        for item, end in zip(search.suggestions, outcomes, strict=True)
        if _state(end) in (TrialState.COMPLETE, TrialState.PRUNED)
    ]
    repeated = len(valued) - len(set(valued))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = TPESampler(
            n_startup_trials=STARTUP + repeated,
            seed=_seed(search),
            multivariate=True,
            constant_liar=True,
        )
    return _ask(search, sampler, outcomes)


def random(search: Search, outcomes: Sequence[Outcome]) -> Params:
    """Independent draws."""
    del outcomes
    return _ask(search, RandomSampler(seed=_seed(search)), [])


def quasi_random(search: Search, outcomes: Sequence[Outcome]) -> Params:
    """A scrambled Sobol sequence, which covers the space more evenly than chance."""
    del outcomes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = QMCSampler(seed=search.seed, scramble=True, warn_independent_sampling=False)
    # the sequence counts in its study, and knows its dimensions from a finished trial of it
    first = Outcome(random(search, []), Status.FINISHED, 0.0, {})
    study = _study(search, [first], sampler)
    for _ in search.suggestions:
        study.ask(_distributions(search))
    return dict(study.ask(_distributions(search)).params)


def _ask(search: Search, sampler: BaseSampler, outcomes: Sequence[Outcome]) -> Params:
    return dict(_study(search, outcomes, sampler).ask(_distributions(search)).params)


def _seed(search: Search) -> int:
    return derive(search.seed, "search", len(search.suggestions))[0]


def none() -> BasePruner:
    """Every trial is trained to its end."""
    return NopPruner()


def median() -> BasePruner:
    """Give up what is worse than the median of five finished trials or more, at equal images."""
    return MedianPruner(n_startup_trials=5, n_warmup_steps=1)


def successive_halving() -> BasePruner:
    """The best third of those that came as far go on, at evaluations 1, 3, 9 ... (asynchronous)."""
    return SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)


def prunes(search: Search, others: Sequence[Outcome], this: Outcome) -> bool:
    """Whether a trial that has come so far (`this.kids`) should be given up.

    The trials are replayed, so that the pruner meets each evaluation as if it were live.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    pruner: BasePruner = PRUNERS.load(search.pruner)()
    study = optuna.create_study(sampler=RandomSampler(seed=0), pruner=pruner)
    for outcome in others:
        if outcome.state not in (REFUSED, Status.CRASHED):
            _replay(search, study, outcome)
    return _replay(search, study, this)


def _replay(search: Search, study: optuna.Study, outcome: Outcome) -> bool:
    """Whether the pruner stops the trial at its last evaluation."""
    study.enqueue_trial(dict(outcome.params))
    trial = study.ask(_distributions(search))
    stops = False
    for number in sorted(outcome.kids):
        trial.report(outcome.kids[number], number)
        stops = bool(trial.should_prune())
    if outcome.state in (Status.FINISHED, Status.DIVERGED) and outcome.value is not None:
        study.tell(trial, outcome.value)
    elif outcome.state == Status.PRUNED:
        study.tell(trial, state=TrialState.PRUNED)
    return stops


def importances(search: Search, outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Share of the objective's variance by name (fANOVA), the largest first; {} of too few trials.

    Exploration only: no sign, no ranking, and no statement on anything but this sample.
    """
    ended = [item for item in outcomes if item.state == Status.FINISHED and item.value is not None]
    if len(ended) < ENOUGH or len({item.value for item in ended}) < 2:
        return {}
    study = _study(search, ended, RandomSampler(seed=0))
    shares = get_param_importances(study=study, evaluator=FanovaImportanceEvaluator(seed=TREES))
    return {name: float(share) for name, share in shares.items()}


def _study(search: Search, outcomes: Sequence[Outcome], sampler: BaseSampler) -> optuna.Study:
    study = optuna.create_study(sampler=sampler)
    for outcome in outcomes:
        study.add_trial(_frozen(search, outcome))
    return study


def _frozen(search: Search, outcome: Outcome) -> FrozenTrial:
    state = _state(outcome)
    return create_trial(
        state=state,
        params=dict(outcome.params),
        distributions=_distributions(search),
        value=outcome.value if state is TrialState.COMPLETE else None,
        intermediate_values=dict(outcome.kids) if outcome.state != Status.DIVERGED else {},
    )


def _state(outcome: Outcome) -> TrialState:
    """The state of an outcome, for a sampler.

    A diverged trial is one with the value of a failure, and a pruned one lies behind all finished
    ones. A crash says nothing of where it happened. What has no number is to a sampler as if it
    were running: it counts on the bad side of its model, and not as one of the first trials.
    """
    if outcome.state in (Status.FINISHED, Status.DIVERGED) and outcome.value is not None:
        return TrialState.COMPLETE
    if outcome.state == Status.PRUNED and outcome.kids:
        return TrialState.PRUNED
    return TrialState.FAIL if outcome.state == Status.CRASHED else TrialState.RUNNING


def _distributions(search: Search) -> dict[str, BaseDistribution]:
    return {name: _distribution(span) for name, span in search.space.items()}


def _distribution(span: Mapping[str, Any]) -> BaseDistribution:
    if "choices" in span:
        return CategoricalDistribution(span["choices"])
    low, high, log, step = (span[name] for name in ("low", "high", "log", "step"))
    if span["whole"]:
        return IntDistribution(low, high, log=log, step=step or 1)
    return FloatDistribution(float(low), float(high), log=log, step=step)
