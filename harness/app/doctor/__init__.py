"""Looking at record, queue, mirror and installation, and mending what is safe to mend."""

from harness.app.doctor.diagnosis import Diagnosis, doctor
from harness.app.doctor.finding import Finding

__all__ = ["Diagnosis", "Finding", "doctor"]
