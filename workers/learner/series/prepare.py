"""From rows of text to one evenly spaced series with its features.

Source: (nexosis dialect, time series preparation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kit.failures import InputError

from ..ask import Ask, Column
from ..contest import Messages
from ..dates import parse_date, printed
from ..limits import MAX_HORIZON, MAX_INTERVALS
from ..table import Table, read_table
from ..values import dates, logicals, numbers
from .coverage import ends_early, starts_late
from .features import encoded_features
from .filling import aggregated, imputed
from .intervals import ordinals, starts

FEW = 30  # intervals below which the user is warned
FEWEST = 3
MANY_FEATURES = 500


@dataclass(frozen=True)
class Series:
    """A history and a window to predict, one value per interval.

    `history` has no gaps. `skipped` intervals lie between its end and the window: those the
    source says nothing about. `features` has a row for each interval of the history, the skipped
    ones and the window. `actual` is what the source knows of the window, NaN elsewhere; `cut` is
    the place in the window of the interval that the data ends in, None if it is not there.
    """

    time_name: str
    target: str
    interval: str
    history: np.ndarray
    history_times: np.ndarray
    skipped: int
    window_times: np.ndarray
    actual: np.ndarray
    cut: int | None
    features: np.ndarray
    feature_names: tuple[str, ...]
    was_imputed: bool
    was_aggregated: bool

    @property
    def horizon(self) -> int:
        """Steps from the last observation to the window's end."""
        return self.skipped + len(self.window_times)

    @property
    def properties(self) -> tuple[str, ...]:
        """What was done to the data, as results name it."""
        names = (("Aggregated", self.was_aggregated), ("Imputed", self.was_imputed))
        return tuple(name for name, done in names if done)

    @property
    def window(self) -> list[str]:
        """The steps of the window as texts."""
        return printed(self.window_times)

    def without_cut(self) -> Series:
        """The same, where the part of an interval counts as none of it."""
        if self.cut is None:
            return self
        actual = self.actual.copy()
        actual[self.cut] = np.nan
        return replace(self, actual=actual)


def prepare(ask: Ask, messages: Messages) -> Series:
    """Reads the data of a session into regular steps. Raises InputError."""
    table = read_table(ask)
    stamp = _timestamp(ask)
    goal = _goal(ask)
    first, last = _window(ask)
    times = dates(table.columns[stamp.name], stamp)
    target = numbers(table.columns[goal.name], goal)
    groups, kept = _groups(times, ask.interval, stamp, messages)
    times, target = times[kept], target[kept]
    known = ~np.isnan(target)
    messages.inform(f"{int(known.sum())} observations were found in the data source.")

    past = groups[known & (groups < first)]
    if past.size == 0:
        start = printed(starts(np.array([first]), ask.interval))[0]
        raise InputError(
            f"Column '{goal.name}' has no value before {start}; choose a later start date or add "
            "earlier data."
        )
    seen = times[known]
    cut = int(groups[known].max()) if ends_early(seen, ask.interval) else None
    origin, newest = _whole(past, seen, cut, ask.interval, messages)
    if newest - origin + 1 > MAX_INTERVALS:
        origin = newest + 1 - MAX_INTERVALS
        messages.warn(
            f"The history is longer than {MAX_INTERVALS:,} intervals; only the last ones are used. "
            "A longer result interval would cover all of it."
        )
    if last - newest > MAX_HORIZON:
        raise InputError(
            f"From the last observation to the end date are {last - newest:,} intervals of one "
            f"{ask.interval}; at most {MAX_HORIZON:,} can be predicted. Choose an earlier end date "
            "or a longer interval."
        )
    length = newest - origin + 1
    within = (groups >= origin) & (groups <= last)
    places, target, kept_rows = groups[within] - origin, target[within], kept[within]
    values = aggregated(target, places, last - origin + 1, goal.aggregation)
    history = values[:length]
    _count(history, ask.interval, first, len(np.unique(past)), messages)
    actual = values[first - origin :]
    features, names = _features(
        ask, table, kept_rows, places, (length, first - origin, last - origin + 1), messages
    )
    buckets = np.arange(origin, last + 1)
    return Series(
        time_name=stamp.name,
        target=goal.name,
        interval=ask.interval,
        history=imputed(history, goal.imputation),
        history_times=starts(buckets[:length], ask.interval),
        skipped=first - origin - length,
        window_times=starts(buckets[first - origin :], ask.interval),
        actual=actual,
        cut=None if cut is None or not first <= cut <= last else cut - first,
        features=features,
        feature_names=names,
        was_imputed=bool(np.isnan(history).any()),
        was_aggregated=bool(
            ((past >= origin) & (past <= newest)).sum() > length - np.isnan(history).sum()
        ),
    )


def _whole(
    past: np.ndarray, times: np.ndarray, cut: int | None, interval: str, messages: Messages
) -> tuple[int, int]:
    """The first and the last interval of the history that the data covers whole.

    A part of an interval is no value of it, whatever the aggregation: a sum is too small, and a
    mean of the first days of a month is none of the month.
    """
    usable = np.unique(past)
    if cut is not None and usable[-1] == cut:
        usable = _left_out(usable, -1, "ends", interval, messages)
    if (
        usable.size
        and usable[0] == ordinals(times, interval).min()
        and starts_late(times, interval)
    ):
        usable = _left_out(usable, 0, "starts", interval, messages)
    if not usable.size:
        raise InputError(
            f"The data has no whole {interval} before the start date. Add earlier data or choose a "
            "shorter interval."
        )
    return int(usable[0]), int(usable[-1])


def _left_out(
    usable: np.ndarray, place: int, verb: str, interval: str, messages: Messages
) -> np.ndarray:
    begin = printed(starts(usable[[place]], interval))[0]
    messages.inform(
        f"The data {verb} within the {interval} from {begin}, which was left out of the history."
    )
    return np.delete(usable, place)


def _timestamp(ask: Ask) -> Column:
    found = ask.of_role("timestamp")
    if len(found) != 1:
        raise InputError("A time series needs exactly one column with the role 'timestamp'.")
    return found[0]


def _goal(ask: Ask) -> Column:
    goal = ask.goal
    if not goal.is_number:
        raise InputError(
            f"The target column '{goal.name}' is declared {goal.data_type}; a time series needs a "
            "numeric target."
        )
    return goal


def _window(ask: Ask) -> tuple[int, int]:
    start, end = parse_date(ask.start, "start date"), parse_date(ask.end, "end date")
    if start > end:
        raise InputError("The start date must not be after the end date.")
    edges = np.array([start.to_datetime64(), end.to_datetime64()], "datetime64[ns]")
    first, last = ordinals(edges, ask.interval)
    return int(first), int(last)


def _groups(
    times: np.ndarray, interval: str, stamp: Column, messages: Messages
) -> tuple[np.ndarray, np.ndarray]:
    """The bucket of each row that has a time, and the numbers of these rows."""
    dated = ~np.isnat(times)
    if not dated.any():
        raise InputError(f"The timestamp column '{stamp.name}' is empty in every row.")
    missing = int((~dated).sum())
    if missing:
        messages.warn(f"{missing} rows without a value in '{stamp.name}' were left out.")
    times = times[dated]
    repeated = len(times) - len(np.unique(times))
    if repeated:
        messages.inform(
            f"{repeated} rows repeat a timestamp; values of the same {interval} were aggregated."
        )
    return ordinals(times, interval), np.flatnonzero(dated)


def _count(history: np.ndarray, interval: str, first: int, begun: int, messages: Messages) -> None:
    """`begun`: intervals with a value, those included that the data covers in part."""
    known = int((~np.isnan(history)).sum())
    until = printed(starts(np.array([first]), interval))[0]
    messages.inform(
        f"{known} observations at the interval of one {interval} were found before {until}."
    )
    if known < FEWEST:
        what = f"{'whole ' if begun > known else ''}{interval}{'s' if known != 1 else ''}"
        raise InputError(
            f"Only {known} {what} with a value lie before {until}; at least {FEWEST} are needed. "
            "Add earlier data or choose a shorter interval."
        )
    if known < FEW:
        messages.warn(
            f"The history has only {known} values; with fewer than {FEW} check the accuracy."
        )
    gaps = len(history) - known
    if gaps > known:
        messages.warn(
            f"{gaps} of {len(history)} intervals of one {interval} have no value and were imputed; "
            "a longer result interval may suit the data better."
        )


def _features(
    ask: Ask,
    table: Table,
    rows: np.ndarray,
    places: np.ndarray,
    edges: tuple[int, int, int],
    messages: Messages,
) -> tuple[np.ndarray, tuple[str, ...]]:
    columns = [c for c in ask.of_role("feature") if c.data_type not in ("text", "date")]
    unused = [c.name for c in ask.of_role("feature") if c.data_type in ("text", "date")]
    if unused:
        messages.warn(
            f"Text and date columns are not used in time series: {', '.join(unused[:5])}."
        )
    if len(columns) > MANY_FEATURES:
        messages.warn(
            f"Only the first {MANY_FEATURES:,} of {len(columns):,} features were looked at; give "
            "the others the role 'none'."
        )
        columns = columns[:MANY_FEATURES]

    def read(column: Column) -> np.ndarray:
        texts = table.columns[column.name]
        parse = logicals if column.data_type == "logical" else numbers
        return np.asarray(parse(texts, column)[rows])

    return encoded_features(columns, table, rows, read, places, edges, messages)
