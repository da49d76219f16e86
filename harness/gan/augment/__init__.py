"""Differentiable augmentation of what the discriminator sees, and the controller of ADA."""
