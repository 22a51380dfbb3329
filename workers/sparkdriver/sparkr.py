"""Where SparkR is, and a Spark that has it: Spark's R workers look for it nowhere else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from .rprocess import find_r

# Debian's R and R's own. The service looks in the same places (src/runners/r-installation.ts).
_SYSTEM = ("/usr/local/lib/R/site-library", "/usr/lib/R/site-library", "/usr/lib/R/library")


def find_sparkr(home: Path, environment: Mapping[str, str]) -> Path | None:
    """The installed package: of the Spark at `home`, else of R's libraries."""
    for library in _libraries(home, environment):
        if (library / "SparkR" / "DESCRIPTION").is_file():
            return library / "SparkR"
    return None


def runs_r(home: Path, environment: Mapping[str, str], plain: bool) -> bool:
    """Whether there is R, with SparkR unless `plain` R will do."""
    return find_r() is not None and (plain or find_sparkr(home, environment) is not None)


def home_with_sparkr(home: Path, folder: Path, environment: Mapping[str, str]) -> Path:
    """`home`, or a folder of links to what is in it, with `R/lib/SparkR` besides."""
    found = find_sparkr(home, environment)
    if found is None or found.parent == home / "R" / "lib":
        return home
    own = folder / "spark"
    (own / "R" / "lib").mkdir(parents=True)
    (own / "R" / "lib" / "SparkR").symlink_to(found)
    for entry in home.iterdir():
        if entry.name != "R":
            (own / entry.name).symlink_to(entry)
    return own


def _libraries(home: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    yield home / "R" / "lib"
    for name in ("R_LIBS", "R_LIBS_USER", "R_LIBS_SITE"):
        for folder in environment.get(name, "").split(os.pathsep):
            with contextlib.suppress(RuntimeError):  # the home of nobody
                found = Path(folder).expanduser()
                if found.is_absolute():
                    yield found
    # What R makes of R_LIBS_USER where nobody has set it.
    yield from sorted(Path.home().glob("R/*-library/*"))
    yield from map(Path, _SYSTEM)
