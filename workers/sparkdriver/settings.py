"""Reads a driver's settings from `<folder>/settings.json`, and makes Spark's conf from them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KINDS = ("pyspark", "spark", "sql", "sparkr", "shared")


@dataclass(frozen=True)
class Settings:
    """The settings of a driver.

    `socket`: path to listen on. `resolved`: real paths of local files, which the service has
    checked. `sql_rows`: most rows of a SQL result. `orphan_timeout`: seconds without a connection
    after which the driver ends. `plain_r`: whether R may run without Spark if SparkR is missing.
    """

    folder: Path
    session: str
    socket: str
    kind: str
    name: str = "stint"
    conf: Mapping[str, str] = field(default_factory=dict)
    jars: tuple[str, ...] = ()
    py_files: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    sql_rows: int = 1000
    orphan_timeout: float = 600
    plain_r: bool = False

    @property
    def temporary(self) -> Path:
        """The folder for temporary files of Spark, Java and Python."""
        return self.folder / "tmp"

    @property
    def classes(self) -> Path:
        """The folder for classes of the Scala interpreter, from which executors load them."""
        return self.folder / "classes"


def read_settings(folder: Path) -> Settings:
    """Reads `settings.json`. Raises ValueError and OSError."""
    text = (folder / "settings.json").read_text("utf-8")
    values: dict[str, Any] = json.loads(text)
    for name in ("session", "socket", "kind"):
        if not isinstance(values.get(name), str):
            raise ValueError(f"settings.json must have '{name}' as a string.")
    if values["kind"] not in KINDS:
        raise ValueError(f"The kind '{values['kind']}' is none of {', '.join(KINDS)}.")
    lists = {name: tuple(values.get(name) or ()) for name in ("jars", "py_files", "files")}
    return Settings(
        folder=folder,
        session=values["session"],
        socket=values["socket"],
        kind=values["kind"],
        name=values.get("name") or "stint",
        conf={key: str(value) for key, value in (values.get("conf") or {}).items()},
        archives=tuple(values.get("archives") or ()),
        resolved=tuple(values.get("resolved") or ()),
        sql_rows=int(values.get("sql_rows", 1000)),
        orphan_timeout=float(values.get("orphan_timeout", 600)),
        plain_r=values.get("plain_r") is True,
        **lists,
    )


def check_resolved(paths: Iterable[str]) -> None:
    """Raises ValueError for a path that has become a link since the service checked it."""
    for path in paths:
        if os.path.realpath(path) != path:
            raise ValueError(f"{path} leads elsewhere than when this was submitted.")


def spark_conf(settings: Settings) -> dict[str, str]:
    """Returns the whole conf: the user's conf, defaults for missing keys, and joined lists.

    Temporary folders are always inside the session's folder, so that deleting that folder deletes
    everything.
    """
    conf = {"spark.master": "local[*]", "spark.ui.enabled": "false"}
    conf |= {"spark.ui.showConsoleProgress": "false"}
    # Keys without this prefix are for Livy's own server; spark-submit would only warn about them.
    conf |= {key: value for key, value in settings.conf.items() if key.startswith("spark.")}
    conf["spark.app.name"] = settings.name
    # The first thread accepts connections. After a call that was interrupted, R opens a new
    # connection, which needs another thread.
    conf.setdefault("spark.r.numRBackendThreads", "16")
    if conf["spark.master"].startswith("local"):
        # Only processes on this machine have to reach the driver.
        conf.setdefault("spark.driver.host", "127.0.0.1")
        conf.setdefault("spark.driver.bindAddress", "127.0.0.1")
        # Only in local mode: a cluster's tables must be where all its machines can read them.
        conf.setdefault("spark.sql.warehouse.dir", str(settings.folder / "warehouse"))
    archives = "spark.archives"
    if conf["spark.master"].startswith("yarn"):
        archives = "spark.yarn.dist.archives"
    for key, more in (
        ("spark.jars", settings.jars),
        ("spark.submit.pyFiles", settings.py_files),
        ("spark.files", settings.files),
        (archives, settings.archives),
    ):
        joined = ",".join([*more, *filter(None, [conf.get(key, "")])])
        if joined:
            conf[key] = joined
    conf["spark.local.dir"] = str(settings.temporary)
    conf["spark.repl.class.outputDir"] = str(settings.classes)
    java = "spark.driver.extraJavaOptions"
    conf[java] = " ".join(filter(None, [*_java_options(settings), conf.get(java)]))
    return conf


def _java_options(settings: Settings) -> Iterable[str]:
    # In quotes, because the path may contain a space.
    yield f'"-Djava.io.tmpdir={settings.temporary}"'
    yield f'"-Dderby.system.home={settings.temporary}"'
    # Otherwise /tmp/hsperfdata_<user>/<pid> remains after kill -9.
    yield "-XX:-UsePerfData"
    # Without this option the driver would wait forever for a Spark thread that ran out of memory.
    yield "-XX:+ExitOnOutOfMemoryError"


def write_properties(path: Path, conf: Mapping[str, str]) -> None:
    """Writes a Java properties file that only this user can read.

    conf may contain passwords, so it must not be on a command line, which every user can read.
    """
    lines = [f"{_escaped(key)}={_escaped(value)}\n" for key, value in conf.items()]
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="ascii") as file:
        file.writelines(lines)


def _escaped(text: str) -> str:
    units = text.encode("utf-16-be", "surrogatepass")
    codes = [int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2)]
    return "".join(
        chr(code) if 0x20 < code < 0x7F and chr(code) not in "\\=:#!" else f"\\u{code:04x}"
        for code in codes
    )
