"""The rows of `outliers` (contracts/nexosis §8.1): where the target was smoothed, and to what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..dates import printed
from ..output import texts_of, write_rows
from .outliers import smoothed
from .prepare import Series


def outlier_rows(folder: Path, series: Series, seasons: tuple[int, ...]) -> dict[str, Any]:
    smooth = smoothed(series.history, seasons)
    at = np.flatnonzero(smooth != series.history)
    return write_rows(
        folder,
        "outliers.csv",
        {
            series.time_name: printed(series.history_times[at]),
            f"{series.target}:actual": texts_of(series.history[at]),
            f"{series.target}:smooth": texts_of(smooth[at]),
        },
    )
