"""The queue of trials: `base` says what a ledger is, `optuna_ledger` keeps it in a storage.

`storage` opens it: a `journal` file, or a `database`.
"""
