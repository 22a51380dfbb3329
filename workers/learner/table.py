"""The data set as text: a CSV read once, compactly, into columns.

Arrow keeps a column of text in one buffer instead of one Python object per cell, so that 50 MB of
CSV stay about that size.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from kit.failures import InputError
from kit.texts import shortened

from .ask import Ask
from .limits import MAX_CELLS, MAX_FILE, MAX_ROW

pa.set_cpu_count(1)


@dataclass(frozen=True)
class Table:
    """Columns of text; null is missing. In messages the first row is 1."""

    columns: dict[str, pa.ChunkedArray]
    count: int

    def take(self, rows: pa.Array) -> Table:
        """The table with these rows, by their numbers."""
        taken = {name: column.take(rows) for name, column in self.columns.items()}
        return Table(taken, len(rows))


def read_table(ask: Ask) -> Table:
    """Read the CSV of a session. Cells that are empty or one of `missing_values` become null."""
    try:
        size = ask.data.stat().st_size
    except OSError:
        raise InputError(f"The data file '{ask.data}' cannot be read.") from None
    if size > MAX_FILE:
        raise InputError(
            f"The data has {size // 2**20} MB; a session can work on {MAX_FILE // 2**20} MB. "
            "Use fewer columns or rows, or aggregate the data first."
        )
    names = _header(ask, _block(size))
    wanted = [name for name in names if name in ask.columns]
    absent = next((name for name in ask.columns if name not in names), None)
    if absent is not None:
        raise InputError(f"Column '{absent}' is declared but not part of the data.")
    try:
        table = arrow_csv.read_csv(
            ask.data,
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=_block(size)),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=wanted,
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError) as error:
        raise _unreadable(error) from None
    if table.num_rows == 0:
        raise InputError("The data has no rows.")
    if table.num_rows * max(1, len(wanted)) > MAX_CELLS:
        raise InputError(
            f"The data has {table.num_rows:,} rows of {len(wanted):,} columns; a session can work "
            f"on {MAX_CELLS:,} values. Give columns that are not needed the role 'none'."
        )
    gone = pa.array(sorted({"", *ask.missing}), pa.string())
    columns = {name: _cleaned(table.column(name), gone) for name in wanted}
    return Table(columns, table.num_rows)


def _header(ask: Ask, block: int) -> list[str]:
    try:
        with arrow_csv.open_csv(
            ask.data,
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
    """Bytes read at once. A row must fit, and one of 10,000 columns can have a megabyte."""
    return max(1 << 20, min(size + 1, MAX_ROW))


def _cleaned(column: pa.ChunkedArray, gone: pa.Array) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(column)
    missing = pc.is_in(trimmed, value_set=gone)
    return pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)
