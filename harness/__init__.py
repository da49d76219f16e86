"""An ablation harness for GAN training tips: study file in, ranking with its evidence out."""

__version__ = "0.1.0"
