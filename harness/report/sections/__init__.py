"""Sections of a report: `build(data)` gives the blocks of one; the catalogue gives their order."""
