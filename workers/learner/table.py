"""Reads the CSV of a data set into columns of text.

Arrow stores a column of text in one buffer instead of one Python object for each cell. So 50 MB of
CSV take about 50 MB of memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from kit.failures import InputError
from kit.texts import shortened

from .limits import MAX_CELLS, MAX_FILE, MAX_ROW
from .session import Session

pa.set_cpu_count(1)


@dataclass(frozen=True)
class Table:
    """Columns of text, with null for missing values. Messages count rows from 1."""

    columns: dict[str, pa.ChunkedArray]
    count: int

    def take(self, rows: pa.Array) -> Table:
        """Returns a table of the rows with these indices, from 0."""
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return Table(columns, len(rows))


def read_table(session: Session) -> Table:
    """Reads the CSV of a session. Raises InputError.

    Cells that are empty or one of the session's missing values become null.
    """
    try:
        size = session.data.stat().st_size
    except OSError:
        raise InputError(f"The data file '{session.data}' cannot be read.") from None
    if size > MAX_FILE:
        raise InputError(
            f"The data has {size // 2**20} MB; a session can work on {MAX_FILE // 2**20} MB. "
            "Use fewer columns or rows, or aggregate the data first."
        )
    names = _header(session, _block(size))
    used = [name for name in names if name in session.columns]
    absent = next((name for name in session.columns if name not in names), None)
    if absent is not None:
        raise InputError(f"Column '{absent}' is declared but not part of the data.")
    try:
        table = arrow_csv.read_csv(
            session.data,
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=_block(size)),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=used,
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError) as error:
        raise _unreadable(error) from None
    if table.num_rows == 0:
        raise InputError("The data has no rows.")
    if table.num_rows * max(1, len(used)) > MAX_CELLS:
        raise InputError(
            f"The data has {table.num_rows:,} rows of {len(used):,} columns; a session can work "
            f"on {MAX_CELLS:,} values. Give columns that are not needed the role 'none'."
        )
    missing_words = pa.array(sorted({"", *session.missing}), pa.string())
    columns = {name: _cleaned(table.column(name), missing_words) for name in used}
    return Table(columns, table.num_rows)


def _header(session: Session, block: int) -> list[str]:
    try:
        with arrow_csv.open_csv(
            session.data,
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=block),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        ) as reader:
            return list(reader.schema.names)
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            raise InputError("The data has no rows.") from None
        raise _unreadable(error) from None


def _unreadable(error: Exception) -> InputError:
    reason = shortened(str(error).split("\n")[0], 300)
    if "straddling" in reason:
        return InputError(
            f"A row of the data is longer than {MAX_ROW // 2**20} MB. "
            "Shorten its values or use fewer columns."
        )
    return InputError(f"The data is not a readable CSV: {reason}.")


def _block(size: int) -> int:
    """Returns how many bytes to read at once. A row of 10,000 columns (a megabyte) must fit."""
    return max(1 << 20, min(size + 1, MAX_ROW))


def _cleaned(column: pa.ChunkedArray, missing_words: pa.Array) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(column)
    missing = pc.is_in(trimmed, value_set=missing_words)
    return pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)
