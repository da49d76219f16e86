"""The queue of trials: `base` defines a ledger, `optuna_ledger` implements it.

`storage` opens it: a `journal` file, or a `database`.
"""
