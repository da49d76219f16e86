"""Rows and small documents of a trial's folder, typed.

Rows of training and of scores are many (hundreds a trial) and go into data frames as they are, so a
row is the dictionary that was read, with typed properties for single values: nothing
is checked or copied twice. A number that was not finite stands in the file as null, here as None.
The documents, one a trial, are records: checked by field when they are read.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Strict

from harness.runs.record import Items, Number, Record
from harness.runs.status import Status

PULL = "_pull"  # ends the names of values that say how hard a penalty pulls


class Row(dict[str, Any]):
    """One line of a file of rows."""

    @property
    def iteration(self) -> int:
        """After which it was written."""
        return int(self["iteration"])

    @property
    def kimg(self) -> float:
        """Thousands of real images shown so far."""
        return float(self["kimg"])

    @property
    def seconds(self) -> float:
        """Of training so far."""
        return float(self["seconds"])

    @property
    def generator_updates(self) -> int | None:
        """So far; None in an older record."""
        return self.get("generator_updates")


class TrainingRow(Row):
    """Statistics of one log interval."""

    @property
    def discriminator_loss(self) -> float | None:
        """Mean over the interval."""
        return self.get("discriminator_loss")

    @property
    def generator_loss(self) -> float | None:
        """Mean over the interval."""
        return self.get("generator_loss")

    @property
    def real_accuracy(self) -> float | None:
        """Share of real images that are called real; None of a game that calls nothing so."""
        return self.get("real_accuracy")

    @property
    def pulls(self) -> dict[str, float | None]:
        """Penalty → its gradient's norm, as a share of the loss's."""
        return {
            name.removesuffix(PULL): value for name, value in self.items() if name.endswith(PULL)
        }


class ScoreRow(Row):
    """One evaluation in one metric identity."""

    @property
    def evaluation(self) -> int:
        """Its number; 0 is the untrained generator."""
        return int(self["evaluation"])

    @property
    def kid(self) -> float | None:
        """KID, as measured."""
        kid: float | None = self["kid"]
        return kid

    @property
    def kid_blocks(self) -> list[float]:
        """KID of each block, or of each subset of images; empty in an older record."""
        return self.get("kid_blocks") or []

    @property
    def precision(self) -> float | None:
        """Share of the generated images that have a validation image near them."""
        return self.get("precision")

    @property
    def recall(self) -> float | None:
        """Share of the validation images that are near a generated one, as those lie."""
        return self.get("recall")

    @property
    def density(self) -> float | None:
        """How many validation images a generated one has near it, relative to what is expected."""
        return self.get("density")

    @property
    def coverage(self) -> float | None:
        """Share of the validation images that have a generated one near them."""
        return self.get("coverage")

    @property
    def fid(self) -> float | None:
        """At the last evaluation, where the encoder has one."""
        return self.get("fid")

    @property
    def inception_score(self) -> float | None:
        """Where the encoder tells classes."""
        return self.get("inception_score")

    @property
    def member_kid(self) -> float | None:
        """Of several GANs in one trial: the mean of each alone."""
        return self.get("member_kid")


class Flag(Record):
    """A sign of ill health: of the training or, with an identity, of one way of scoring."""

    flag: str
    kimg: Number | None = None
    identity: str | None = None


class Result(Record):
    """How a training ended, written once; None: an older record does not say."""

    key: str = ""
    status: Annotated[Status, Strict(False)]  # finished or diverged
    message: str = ""  # of a diverged one: which value was not finite
    iteration: int | None = None
    kimg: Number | None = None
    generator_updates: int | None = None
    seconds: Number | None = None  # of training
    evaluation_seconds: Number | None = None
    images_per_second: Number | None = None
    parameters: Mapping[str, int] = {}  # network → how many
    flags: Items[Flag] = ()
    finished_at: str = ""
    attempts: int | None = None

    def flags_of(self, identity: str | None) -> list[Flag]:
        """The flags of the training, and those of one way of scoring."""
        return [flag for flag in self.flags if flag.identity in (None, identity)]


class Failure(Record):
    """The last crash, of training or of scoring."""

    error: str
    log_tail: str = ""
    attempt: int | None = None
    at: str = ""


class Pruned(Record):
    """Where a search gave a trial up."""

    iteration: int | None = None
    kimg: Number | None = None


class Git(Record):
    """The commit of the code, and whether the checkout was dirty; empty outside a checkout."""

    commit: str = ""
    dirty: bool = False


HARNESS = "gan-ablation-harness"  # this package among the versions of an environment


class Environment(Record):
    """Machine, versions and arithmetic of one attempt."""

    at: str = ""
    host: str = ""
    pid: int | None = None
    python: str = ""
    platform: str = ""
    processor: str = ""
    versions: Mapping[str, str] = {}
    device: str = ""
    arithmetic: Mapping[str, Any] = {}  # threads, XLA, kernels: what changes rounding
    git: Git = Git()
    plugins: Mapping[str, Mapping[str, str]] = {}  # group → name → digest


class MetricAbout(Record):
    """Description of a metric identity, and the requests that it answers."""

    requests: Items[str]
    identity: str = ""
    protocol: str = ""
    encoder: str = ""
    file: str = ""  # name of a user's encoder file; an older record does not say
    resolution: int | None = None  # of the images that the encoder is given
    resizer: str = ""
    n: int | None = None  # generated images
    m: int | None = None  # validation images
    reference: str = ""  # digest of those
    encoder_digest: str = ""
    real_kid: Number | None = None  # of two halves of the validation images; None: older record


class Nearest(Record):
    """How near generated images are to their nearest training images, at the end of a training.

    Distances are Euclidean, between the features of a metric identity; `nearer` and `near` are
    described in `metrics.nearest`.
    """

    metric: str  # the identity
    iteration: int
    generated: int  # images whose distances are compared,
    validation: int  # with those of so many
    searched: int  # training images, out of
    training: int
    nearer: Number  # 0.5 is expected of new images of the same distribution
    near: Number
    near_expected: Number
    median: Number
    median_validation: Number

    @property
    def sign(self) -> bool:
        """Whether they are nearer than validation images, beyond chance."""
        from harness.metrics.nearest import Nearness, copies  # with NumPy, which few readers need

        return copies(
            Nearness(
                self.nearer, self.near, self.near_expected, self.median, self.median_validation
            ),
            self.generated,
            self.validation,
        )


class Progress(Record):
    """How far a trial is, for live views; `at` is when, in seconds since the epoch."""

    phase: str = "loading"
    iteration: int = 0
    iterations: int = 0
    kimg: Number = 0.0
    kid: Number | None = None
    images_per_second: Number | None = None
    at: Number = 0.0
