"""The whole parameter space of a trial, one file a part; `root` puts the parts together."""

from harness.config.trial.augmentation import AugmentationConfig
from harness.config.trial.data import DataConfig
from harness.config.trial.evaluation import EvaluationConfig
from harness.config.trial.labels import LabelsConfig
from harness.config.trial.loss import LossConfig
from harness.config.trial.networks import DiscriminatorConfig, GeneratorConfig
from harness.config.trial.optimization import OptimizerConfig, OptimizersConfig, TrainingConfig
from harness.config.trial.penalties import PenaltiesConfig
from harness.config.trial.root import TrialConfig
from harness.config.trial.schedule import Schedule
from harness.config.trial.translation import TranslationConfig

__all__ = [
    "AugmentationConfig",
    "DataConfig",
    "DiscriminatorConfig",
    "EvaluationConfig",
    "GeneratorConfig",
    "LabelsConfig",
    "LossConfig",
    "OptimizerConfig",
    "OptimizersConfig",
    "PenaltiesConfig",
    "Schedule",
    "TrainingConfig",
    "TranslationConfig",
    "TrialConfig",
]
