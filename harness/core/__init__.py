"""The foundations: errors, files, registries, random numbers."""
