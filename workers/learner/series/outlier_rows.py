"""The rows of `outliers`: where the target was smoothed, and to what.

Source: (nexosis dialect, result details).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..dates import printed
from ..output import texts_of, write_rows
from .outliers import smoothed
from .prepare import Series
from .reaction import Reaction


def outlier_rows(
    folder: Path, series: Series, seasons: tuple[int, ...], reaction: Reaction
) -> dict[str, Any]:
    """What the features explain is no outlier."""
    plain = reaction.without(series.history)
    smooth = smoothed(plain, seasons)
    at = np.flatnonzero(smooth != plain)
    smooth = reaction.added(smooth)
    return write_rows(
        folder,
        "outliers.csv",
        {
            series.time_name: printed(series.history_times[at]),
            f"{series.target}:actual": texts_of(series.history[at]),
            f"{series.target}:smooth": texts_of(smooth[at]),
        },
    )
