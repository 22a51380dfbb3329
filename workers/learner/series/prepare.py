"""Converts rows of text to an evenly spaced series with its features.

Source: (nexosis dialect, time series preparation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kit.failures import InputError

from ..contest import Messages
from ..dates import date_texts, parse_date
from ..limits import MAX_HORIZON, MAX_INTERVALS
from ..session import Column, Session
from ..table import Table, read_table
from ..values import dates, logicals, numbers
from .coverage import ends_early, starts_late
from .features import encoded_features
from .filling import aggregated, imputed
from .intervals import ordinals, starts

FEW = 30  # values of a history; with fewer the user is warned
FEWEST = 3  # values of a history; with fewer the session fails
MANY_FEATURES = 500


@dataclass(frozen=True)
class Series:
    """A history and a window to predict, with one value for each interval.

    `history` has no gaps. `skipped` is the number of intervals between its end and the window, for
    which the source has no value. `features` has a row for each interval of the history, the
    skipped intervals and the window. `actual` has the source's values in the window, NaN if there
    is none. `partial` is the index in the window of the interval within which the data ends; None
    if that interval is not in the window.
    """

    time_name: str
    target: str
    interval: str
    history: np.ndarray
    history_times: np.ndarray
    skipped: int
    window_times: np.ndarray
    actual: np.ndarray
    partial: int | None
    features: np.ndarray
    feature_names: tuple[str, ...]
    was_imputed: bool
    was_aggregated: bool

    @property
    def horizon(self) -> int:
        """The number of steps from the last observation to the end of the window."""
        return self.skipped + len(self.window_times)

    @property
    def properties(self) -> tuple[str, ...]:
        """The kinds of preparation, in the words of results."""
        names = (("Aggregated", self.was_aggregated), ("Imputed", self.was_imputed))
        return tuple(name for name, done in names if done)

    @property
    def window(self) -> list[str]:
        """The times of the window as texts."""
        return date_texts(self.window_times)

    def without_partial(self) -> Series:
        """Returns the series without the actual value of the partial interval."""
        if self.partial is None:
            return self
        actual = self.actual.copy()
        actual[self.partial] = np.nan
        return replace(self, actual=actual)


def prepare(session: Session, messages: Messages) -> Series:
    """Reads the data of a session as a series with equal intervals. Raises InputError."""
    table = read_table(session)
    stamp = _timestamp(session)
    target_column = _target_column(session)
    first, last = _window(session)
    times = dates(table.columns[stamp.name], stamp)
    target = numbers(table.columns[target_column.name], target_column)
    groups, dated_rows = _groups(times, session.interval, stamp, messages)
    times, target = times[dated_rows], target[dated_rows]
    known = ~np.isnan(target)
    messages.inform(f"{int(known.sum())} observations were found in the data source.")

    past = groups[known & (groups < first)]
    if past.size == 0:
        start = date_texts(starts(np.array([first]), session.interval))[0]
        raise InputError(
            f"Column '{target_column.name}' has no value before {start}; choose a later start date "
            "or add earlier data."
        )
    known_times = times[known]
    partial = int(groups[known].max()) if ends_early(known_times, session.interval) else None
    origin, newest = _history_bounds(past, known_times, partial, session.interval, messages)
    if newest - origin + 1 > MAX_INTERVALS:
        origin = newest + 1 - MAX_INTERVALS
        messages.warn(
            f"The history is longer than {MAX_INTERVALS:,} intervals; only the last ones are used. "
            "A longer result interval would cover all of it."
        )
    if last - newest > MAX_HORIZON:
        raise InputError(
            f"From the last observation to the end date are {last - newest:,} intervals of one "
            f"{session.interval}; at most {MAX_HORIZON:,} can be predicted. Choose an earlier end "
            "date or a longer interval."
        )
    length = newest - origin + 1
    within = (groups >= origin) & (groups <= last)
    places, target, kept_rows = groups[within] - origin, target[within], dated_rows[within]
    values = aggregated(target, places, last - origin + 1, target_column.aggregation)
    history = values[:length]
    _count(history, session.interval, first, len(np.unique(past)), messages)
    actual = values[first - origin :]
    features, names = _features(
        session, table, kept_rows, places, (length, first - origin, last - origin + 1), messages
    )
    buckets = np.arange(origin, last + 1)
    return Series(
        time_name=stamp.name,
        target=target_column.name,
        interval=session.interval,
        history=imputed(history, target_column.imputation),
        history_times=starts(buckets[:length], session.interval),
        skipped=first - origin - length,
        window_times=starts(buckets[first - origin :], session.interval),
        actual=actual,
        partial=None if partial is None or not first <= partial <= last else partial - first,
        features=features,
        feature_names=names,
        was_imputed=bool(np.isnan(history).any()),
        was_aggregated=bool(
            ((past >= origin) & (past <= newest)).sum() > length - np.isnan(history).sum()
        ),
    )


def _history_bounds(
    past: np.ndarray, times: np.ndarray, partial: int | None, interval: str, messages: Messages
) -> tuple[int, int]:
    """Returns the first and the last interval of the history that the data covers completely.

    A partial interval has no correct value, whatever the aggregation: a sum is too small, and a
    mean of the first days of a month is not the mean of the month. Raises InputError if no
    complete interval exists.
    """
    usable = np.unique(past)
    if partial is not None and usable[-1] == partial:
        usable = _leave_out(usable, -1, "ends", interval, messages)
    if (
        usable.size
        and usable[0] == ordinals(times, interval).min()
        and starts_late(times, interval)
    ):
        usable = _leave_out(usable, 0, "starts", interval, messages)
    if not usable.size:
        raise InputError(
            f"The data has no whole {interval} before the start date. Add earlier data or choose a "
            "shorter interval."
        )
    return int(usable[0]), int(usable[-1])


def _leave_out(
    usable: np.ndarray, place: int, verb: str, interval: str, messages: Messages
) -> np.ndarray:
    begin = date_texts(starts(usable[[place]], interval))[0]
    messages.inform(
        f"The data {verb} within the {interval} from {begin}, which was left out of the history."
    )
    return np.delete(usable, place)


def _timestamp(session: Session) -> Column:
    columns = session.with_role("timestamp")
    if len(columns) != 1:
        raise InputError("A time series needs exactly one column with the role 'timestamp'.")
    return columns[0]


def _target_column(session: Session) -> Column:
    column = session.target_column
    if not column.is_number:
        raise InputError(
            f"The target column '{column.name}' is declared {column.data_type}; a time series "
            "needs a numeric target."
        )
    return column


def _window(session: Session) -> tuple[int, int]:
    start, end = parse_date(session.start, "start date"), parse_date(session.end, "end date")
    if start > end:
        raise InputError("The start date must not be after the end date.")
    edges = np.array([start.to_datetime64(), end.to_datetime64()], "datetime64[ns]")
    first, last = ordinals(edges, session.interval)
    return int(first), int(last)


def _groups(
    times: np.ndarray, interval: str, stamp: Column, messages: Messages
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the bucket of each row that has a time, and the indices of these rows."""
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
    """Reports how many values the history has. Raises InputError if there are too few.

    `begun`: the number of intervals with a value, including partial ones.
    """
    known = int((~np.isnan(history)).sum())
    until = date_texts(starts(np.array([first]), interval))[0]
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
    session: Session,
    table: Table,
    rows: np.ndarray,
    places: np.ndarray,
    edges: tuple[int, int, int],
    messages: Messages,
) -> tuple[np.ndarray, tuple[str, ...]]:
    columns = [c for c in session.with_role("feature") if c.data_type not in ("text", "date")]
    unused = [c.name for c in session.with_role("feature") if c.data_type in ("text", "date")]
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
