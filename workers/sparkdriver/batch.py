"""`python -m sparkdriver.batch --folder <dir>`: runs one application with spark-submit.

`<dir>/batch.json` describes the application. Afterwards `<dir>/exit.json` has its exit code.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from kit import detached

from .__main__ import write_identity
from .settings import Settings, check_resolved, spark_conf, write_properties

GRACE = 5  # seconds from SIGTERM to SIGKILL


def main() -> None:
    """Runs a batch to its end and exits with its exit code."""
    parser = argparse.ArgumentParser(prog="sparkdriver.batch")
    parser.add_argument("--folder", type=Path, required=True)
    folder: Path = parser.parse_args().folder.resolve()
    try:
        batch = json.loads((folder / "batch.json").read_text("utf-8"))
        command = command_of(folder, batch)
    except (OSError, ValueError) as error:
        sys.exit(f"sparkdriver.batch: {error}")
    write_identity(folder)
    detached.watch()
    code = run(command, folder)
    new = folder / "exit.json.new"
    new.write_text(json.dumps({"code": code}), "utf-8")
    new.replace(folder / "exit.json")
    sys.exit(code)


def command_of(folder: Path, batch: dict[str, Any]) -> list[str]:
    """Writes the conf of a batch to `folder` and returns the command that runs the batch.

    Raises ValueError if the batch names no file, or if a checked file now is a link to another.
    """
    if not isinstance(batch.get("file"), str) or not batch["file"]:
        raise ValueError("batch.json must have 'file' as a string.")
    settings = Settings(
        folder=folder,
        session="",
        socket="",
        kind="shared",
        name=batch.get("name") or Path(batch["file"]).name,
        conf={key: str(value) for key, value in (batch.get("conf") or {}).items()},
        jars=tuple(batch.get("jars") or ()),
        py_files=tuple(batch.get("py_files") or ()),
        files=tuple(batch.get("files") or ()),
        archives=tuple(batch.get("archives") or ()),
    )
    check_resolved(batch.get("resolved") or ())
    conf = spark_conf(settings)
    del conf["spark.repl.class.outputDir"]
    settings.temporary.mkdir(mode=0o700, exist_ok=True)
    write_properties(folder / "spark.conf", conf)

    from pyspark.find_spark_home import _find_spark_home  # noqa: PLC0415

    return [
        str(Path(_find_spark_home(), "bin", "spark-submit")),
        *("--properties-file", str(folder / "spark.conf"), "--load-spark-defaults"),
        *(["--class", batch["class_name"]] if batch.get("class_name") else []),
        batch["file"],
        *map(str, batch.get("args") or ()),
    ]


def run(command: list[str], folder: Path) -> int:
    """Runs the command and returns its exit code: 128 + n if signal n ended it, as in a shell."""
    environment = os.environ | {"TMPDIR": str(folder / "tmp")}
    environment.pop("SPARK_LOCAL_DIRS", None)  # it would override spark.local.dir
    environment.setdefault("PYSPARK_PYTHON", sys.executable)
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        preexec_fn=detached.end_with_parent,  # noqa: PLW1509 - it only makes system calls
    )
    signal.signal(signal.SIGTERM, lambda *_: _end(process))
    code = process.wait()
    return code if code >= 0 else 128 - code


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    signal.signal(signal.SIGALRM, lambda *_: process.kill())
    signal.alarm(GRACE)


if __name__ == "__main__":
    main()
