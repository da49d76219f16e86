"""Running trials: the driver, its worker processes, searches, and the live view."""
