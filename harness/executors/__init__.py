"""Where trials run: which devices there are, the worker processes, and the view of their work."""
