"""The optimisers, by TensorFlow's fused kernels.

One kernel a variable in place of Keras' many operations, with Keras' formulas; their numbers are
tensors, so that changing them needs no new trace.
"""

from harness.gan.train.optimizers.adam import Adam
from harness.gan.train.optimizers.base import Optimizer
from harness.gan.train.optimizers.rmsprop import RMSProp
from harness.gan.train.optimizers.sgd import SGD

__all__ = ["SGD", "Adam", "Optimizer", "RMSProp"]
