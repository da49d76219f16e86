"""Run a study on a Ray cluster: the driver keeps queue and record, and actors train."""
