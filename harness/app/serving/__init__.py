"""`harness serve`: the report of a run in progress, on this machine's own address."""
