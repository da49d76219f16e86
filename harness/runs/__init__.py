"""Runs and trials on disk: where things lie, what they hold, who writes them."""
