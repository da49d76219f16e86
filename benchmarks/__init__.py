"""Benchmarks: the harness against the program that its users would run otherwise."""
