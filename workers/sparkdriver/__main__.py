"""`python -m sparkdriver --folder <dir>`: the driver of the session that `<dir>` describes."""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import sys
from pathlib import Path

from kit import detached

from .settings import read_settings


def main() -> None:
    """Runs a driver. Never returns."""
    parser = argparse.ArgumentParser(prog="sparkdriver")
    parser.add_argument("--folder", type=Path, required=True)
    folder: Path = parser.parse_args().folder.resolve()
    try:
        settings = read_settings(folder)
    except (OSError, ValueError) as error:
        sys.exit(f"sparkdriver: {error}")
    write_identity(folder)
    detached.watch(Path(settings.socket))
    # The traceback of a crash in C code goes to the driver's log, not into a statement's output.
    faulthandler.enable(os.fdopen(os.dup(2), "w"))
    if sys.path and sys.path[0] == str(Path.cwd()):
        del sys.path[0]  # cells must not import from the service's working directory
    os.environ["TMPDIR"] = str(settings.temporary)

    from .driver import Driver  # noqa: PLC0415 - after the fork, to keep that small

    Driver(settings).run_forever()


def write_identity(folder: Path) -> None:
    """Writes `driver.json`, so that a restarted service can check whether the pid is this process.

    `folder`: the folder of the session or batch.
    """
    pid = os.getpid()
    text = json.dumps({"pid": pid, "started": detached.started_at(pid)})
    new = folder / "driver.json.new"
    new.write_text(text, "utf-8")
    new.replace(folder / "driver.json")


if __name__ == "__main__":
    main()
