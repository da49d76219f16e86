"""One training: its state, the step, the compiled loop, checkpoints."""
