"""Metrics of feature arrays: NumPy only, nothing of the harness but its errors."""
