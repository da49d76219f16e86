"""`TrialConfig`: every decision that can change a trial's result, typed, bounded and frozen."""

from typing import Any

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from harness.config.catalog import PROTOCOLS, dataset
from harness.config.trial import rules
from harness.config.trial.augmentation import AugmentationConfig
from harness.config.trial.base import Section, knob
from harness.config.trial.data import DataConfig
from harness.config.trial.evaluation import EvaluationConfig
from harness.config.trial.labels import LabelsConfig
from harness.config.trial.loss import LossConfig
from harness.config.trial.networks import DiscriminatorConfig, GeneratorConfig
from harness.config.trial.optimization import OptimizersConfig, TrainingConfig
from harness.config.trial.penalties import PenaltiesConfig
from harness.config.trial.rule import depth_of
from harness.config.trial.schedule import Schedule
from harness.config.trial.translation import TranslationConfig


class TrialConfig(Section):
    """One training and its scoring. The defaults are exactly those of S0.

    A valid configuration is *resolved*: depths are numbers, what it follows from the data set is
    filled in, and knobs that can have no effect are back at their defaults, so equal trainings are
    equal.
    """

    seed: int = knob(0, "seed of all random streams", source="design", ge=0, lt=2**31)
    data: DataConfig = Field(default_factory=DataConfig)
    generator: GeneratorConfig = Field(default_factory=GeneratorConfig)
    discriminator: DiscriminatorConfig = Field(default_factory=DiscriminatorConfig)
    translation: TranslationConfig = Field(default_factory=TranslationConfig)
    labels: LabelsConfig = Field(default_factory=LabelsConfig)
    loss: LossConfig = Field(default_factory=LossConfig)
    penalties: PenaltiesConfig = Field(default_factory=PenaltiesConfig)
    optimizer: OptimizersConfig = Field(default_factory=OptimizersConfig)
    augmentation: AugmentationConfig = Field(default_factory=AugmentationConfig)
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    evaluation: EvaluationConfig = Field(default_factory=EvaluationConfig)
    # group and name of each plug-in that is used → digest of its code; the harness fills it in
    plugins: dict[str, dict[str, str]] = Field(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _resolve(
        cls, value: Any, handler: ModelWrapValidatorHandler["TrialConfig"]
    ) -> "TrialConfig":
        config = handler(value)
        changes = _resolved(config)
        for section, knobs in changes.items():
            part = getattr(config, section)
            # a model is frozen for everybody else; here it is still being made
            object.__setattr__(config, section, part.model_copy(update=knobs))
        rules.check(config)
        return config

    @property
    def iteration_images(self) -> int:
        """Real images that one iteration shows to the discriminator."""
        return self.training.batch_size * self.training.discriminator_steps

    @property
    def pass_images(self) -> int:
        """Real images per micro-batch."""
        return self.training.batch_size // self.training.accumulation

    @property
    def replayed_images(self) -> int:
        """Generated images per forward pass that are replaced by replayed ones."""
        share = self.training.replay
        return max(1, round(share * self.pass_images)) if share > 0 else 0

    @property
    def iterations(self) -> int:
        """Iterations of the whole training."""
        return max(1, round(self.training.kimg * 1000 / self.iteration_images))

    @property
    def schedule(self) -> Schedule:
        """When the training is evaluated, as shares of it."""
        return Schedule(self.training.evaluations, self.training.final_evaluations)

    @property
    def evaluation_iterations(self) -> list[int]:
        """The iteration after which each evaluation runs; the first is the untrained generator."""
        return self.schedule.iterations(self.iterations)

    @property
    def final_iterations(self) -> list[int]:
        """The same of the evaluations in the last fifth; the default objective is their mean."""
        return self.evaluation_iterations[self.schedule.window.start :]


def _resolved(config: TrialConfig) -> dict[str, dict[str, Any]]:
    """The changes by section that resolve a configuration."""
    depth = depth_of(config.data.image_size)
    spec = dataset(config.data.name)
    protocol = config.evaluation.protocol or spec.protocol
    rule = PROTOCOLS[protocol]
    # a protocol that is defined for one encoder brings it where the study names none
    encoder = config.evaluation.encoder or rule.encoder or spec.encoder
    changes: dict[str, dict[str, Any]] = {
        "generator": {"depth": config.generator.depth or depth},
        "discriminator": {"depth": config.discriminator.depth or depth},
        "labels": {"classes": _classes(config) if config.labels.of_images else None},
        "evaluation": {
            "protocol": protocol,
            "encoder": encoder,
            "resolution": config.evaluation.resolution or rule.resolution,
            "subset_size": config.evaluation.subset_size or spec.subset_size
            if rule.block is None
            else None,
        },
    }
    for path, default in rules.inert(config):
        section, leaf = path.split(".", 1)
        if "." in leaf:
            part, name = leaf.split(".")
            parts = changes.setdefault(section, {})
            inner = parts.get(part, getattr(getattr(config, section), part))
            parts[part] = inner.model_copy(update={name: default})
        else:
            changes.setdefault(section, {})[leaf] = default
    return changes


def _classes(config: TrialConfig) -> int | None:
    """Number of classes of the data set; for a folder it is set when its files are read."""
    return (
        config.labels.classes if config.data.name == "folder" else dataset(config.data.name).classes
    )
