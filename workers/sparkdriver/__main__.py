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
    """Runs a driver; does not return."""
    parser = argparse.ArgumentParser(prog="sparkdriver")
    parser.add_argument("--folder", type=Path, required=True)
    folder: Path = parser.parse_args().folder.resolve()
    try:
        settings = read_settings(folder)
    except (OSError, ValueError) as error:
        sys.exit(f"sparkdriver: {error}")
    write_identity(folder)
    detached.watch(Path(settings.socket))
    # A crash of C code leaves its last words in the driver's log, not in a statement.
    faulthandler.enable(os.fdopen(os.dup(2), "w"))
    if sys.path and sys.path[0] == str(Path.cwd()):
        del sys.path[0]  # where the service happens to run is nothing for `import`
    os.environ["TMPDIR"] = str(settings.temporary)

    from .driver import Driver  # noqa: PLC0415 - after the fork, which is to stay small

    Driver(settings).run_forever()


def write_identity(folder: Path) -> None:
    """`driver.json`: a service that restarts can tell that the pid is still this process."""
    pid = os.getpid()
    text = json.dumps({"pid": pid, "started": detached.started_at(pid)})
    new = folder / "driver.json.new"
    new.write_text(text, "utf-8")
    new.replace(folder / "driver.json")


if __name__ == "__main__":
    main()
