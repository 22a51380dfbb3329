"""Finds SparkR, and makes a Spark home that contains it.

Spark's R workers load SparkR only from the Spark home.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from .rprocess import find_r

# Libraries of Debian's R and of R itself. The service searches the same ones
# (src/drivers/spark/r-installation.ts).
_SYSTEM = ("/usr/local/lib/R/site-library", "/usr/lib/R/site-library", "/usr/lib/R/library")


def find_sparkr(home: Path, environment: Mapping[str, str]) -> Path | None:
    """Returns the folder of the SparkR package, or None.

    Searches the Spark at `home` first, then R's libraries.
    """
    for library in _libraries(home, environment):
        if (library / "SparkR" / "DESCRIPTION").is_file():
            return library / "SparkR"
    return None


def runs_r(home: Path, environment: Mapping[str, str], plain: bool) -> bool:
    """Returns whether R is installed, and also SparkR unless `plain` is set."""
    return find_r() is not None and (plain or find_sparkr(home, environment) is not None)


def home_with_sparkr(home: Path, folder: Path, environment: Mapping[str, str]) -> Path:
    """Returns a Spark home with SparkR, if SparkR is installed.

    That is `home` itself, or a new folder in `folder` with links to the content of `home` and to
    SparkR as `R/lib/SparkR`.
    """
    sparkr = find_sparkr(home, environment)
    if sparkr is None or sparkr.parent == home / "R" / "lib":
        return home
    own = folder / "spark"
    (own / "R" / "lib").mkdir(parents=True)
    (own / "R" / "lib" / "SparkR").symlink_to(sparkr)
    for entry in home.iterdir():
        if entry.name != "R":
            (own / entry.name).symlink_to(entry)
    return own


def _libraries(home: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    yield home / "R" / "lib"
    for name in ("R_LIBS", "R_LIBS_USER", "R_LIBS_SITE"):
        for folder in environment.get(name, "").split(os.pathsep):
            with contextlib.suppress(RuntimeError):  # `~name` of an unknown user
                library = Path(folder).expanduser()
                if library.is_absolute():
                    yield library
    # R's default for R_LIBS_USER.
    yield from sorted(Path.home().glob("R/*-library/*"))
    yield from map(Path, _SYSTEM)
