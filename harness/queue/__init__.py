"""The queue of trials: `base` defines a ledger, `optuna_ledger` implements it.

It keeps its rows in a `journal` file; `lease` says which process holds a trial, `waiting`
which one is next.
"""
