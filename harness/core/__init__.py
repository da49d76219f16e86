"""What everything stands on: errors, files, names of code, random numbers."""
