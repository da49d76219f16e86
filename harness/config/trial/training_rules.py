"""Rules between the knobs of optimisers and schedule."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.config.catalog import LOSSES, losses_with
from harness.config.trial.rule import Clash, Inert, read

if TYPE_CHECKING:
    from harness.config.trial.root import TrialConfig

CLASHES = (
    Clash(
        ("training.final_evaluations", "training.evaluations"),
        lambda c: c.training.final_evaluations > c.training.evaluations,
        "they are among the evaluations: lower training.final_evaluations or raise "
        "training.evaluations",
    ),
    Clash(
        ("training.final_evaluations", "training.kimg"),
        lambda c: c.training.final_evaluations > 0 and _coincide(c),
        "two evaluations come after the same iteration: lower training.final_evaluations or raise "
        "training.kimg",
    ),
    Clash(
        ("training.accumulation", "training.batch_size"),
        lambda c: c.training.batch_size % c.training.accumulation > 0 or c.pass_images < 2,
        "micro-batches have equal sizes of at least two images: choose a divisor of the batch size",
    ),
    Clash(
        ("training.ema_start", "training.kimg"),
        lambda c: c.training.ema_start >= c.training.kimg,
        "averaging would never start: lower training.ema_start, or set training.ema to 0",
    ),
    Clash(
        ("training.balance", "loss.name"),
        lambda c: c.training.balance == "loss" and not LOSSES[c.loss.name].one_scale,
        "the two sides of this loss cannot be compared: set training.balance to none, or loss.name "
        "to one of " + ", ".join(losses_with("one_scale")),
    ),
    Clash(
        ("training.balance", "loss.generator"),
        lambda c: c.training.balance == "loss" and c.loss.generator != "adversarial",
        "this generator loss cannot be compared with the discriminator's loss: set "
        "training.balance to none, or loss.generator to adversarial",
    ),
    Clash(
        ("training.replay", "training.replay_size"),
        lambda c: c.replayed_images > c.training.replay_size,
        "an update replays more images than are stored: raise training.replay_size",
    ),
)


def _coincide(config: "TrialConfig") -> bool:
    """Whether two evaluations of a training would come after the same iteration."""
    return len(set(config.evaluation_iterations)) <= config.training.evaluations


# number of an optimiser → whose formulas it is in
_OPTIMIZER_NUMBERS = {
    "beta_1": ("adam",),
    "beta_2": ("adam",),
    "epsilon": ("adam", "rmsprop"),
    "rho": ("rmsprop",),
    "momentum": ("rmsprop", "sgd"),
}


def _unread(owner: str, number: str) -> Inert:
    readers = _OPTIMIZER_NUMBERS[number]
    path = f"optimizer.{owner}"
    return Inert(f"{path}.{number}", lambda c: read(c, f"{path}.name") not in readers)


def _unread_of(owner: str) -> Iterator[Inert]:
    return (_unread(owner, number) for number in _OPTIMIZER_NUMBERS)


INERT = (
    *_unread_of("generator"),
    *_unread_of("discriminator"),
    Inert("training.ema_start", lambda c: c.training.ema == 0),
    Inert("training.balance_ratio", lambda c: c.training.balance == "none"),
    Inert("training.replay_every", lambda c: c.training.replay == 0),
    Inert("training.replay_size", lambda c: c.training.replay == 0),
    # so many are there if all are equally spaced
    Inert(
        "training.final_evaluations",
        lambda c: 5 * c.training.final_evaluations == c.training.evaluations,
    ),
)
