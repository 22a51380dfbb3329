"""Writes the rows of `outliers`: the smoothed values of the target, next to the actual ones.

Source: (nexosis dialect, result details).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..dates import date_texts
from ..output import texts_of, write_rows
from .outliers import smoothed
from .prepare import Series
from .reaction import Reaction


def outlier_rows(
    folder: Path, series: Series, seasons: tuple[int, ...], reaction: Reaction
) -> dict[str, Any]:
    """Writes the outliers of the history. A value that the features explain is not an outlier."""
    plain = reaction.without_features(series.history)
    smooth = smoothed(plain, seasons)
    at = np.flatnonzero(smooth != plain)
    smooth = reaction.with_features(smooth)
    return write_rows(
        folder,
        "outliers.csv",
        {
            series.time_name: date_texts(series.history_times[at]),
            f"{series.target}:actual": texts_of(series.history[at]),
            f"{series.target}:smooth": texts_of(smooth[at]),
        },
    )
