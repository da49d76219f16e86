"""Rows of data frames."""

from collections import namedtuple
from collections.abc import Iterable
from functools import cache
from typing import Any

import pandas as pd


def each_row(frame: pd.DataFrame) -> Iterable[Any]:
    """The rows as named tuples; types of columns are not known here.

    As `itertuples` has them, which takes several times as long where there are many columns.
    """
    return map(_row(tuple(frame.columns))._make, frame.to_numpy(object).tolist())


@cache
def _row(columns: tuple[str, ...]) -> Any:
    """The type of such a tuple."""
    return namedtuple("_Row", columns, rename=True)
