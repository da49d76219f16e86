"""Checks of record, queue, W&B folders and installation, and safe repairs."""

from harness.app.doctor.diagnosis import Diagnosis, doctor
from harness.app.doctor.finding import Finding

__all__ = ["Diagnosis", "Finding", "doctor"]
