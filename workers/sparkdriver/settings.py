"""What the service tells a driver before it starts: `<folder>/settings.json`, and Spark's conf."""

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
    """What a driver is to be.

    `socket`: path to listen on; `sql_rows`: rows of a SQL answer; `orphan_timeout`: seconds;
    `resolved`: local files by their real paths;
    `plain_r`: R may run without Spark where there is no SparkR.
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
        """For temporary files of Spark, Java and Python."""
        return self.folder / "tmp"

    @property
    def classes(self) -> Path:
        """What the Scala interpreter compiles; executors load it from here."""
        return self.folder / "classes"


def read_settings(folder: Path) -> Settings:
    """Raises ValueError with a sentence when the file cannot be used."""
    text = (folder / "settings.json").read_text("utf-8")
    given: dict[str, Any] = json.loads(text)
    for name in ("session", "socket", "kind"):
        if not isinstance(given.get(name), str):
            raise ValueError(f"settings.json must have '{name}' as a string.")
    if given["kind"] not in KINDS:
        raise ValueError(f"The kind '{given['kind']}' is none of {', '.join(KINDS)}.")
    lists = {name: tuple(given.get(name) or ()) for name in ("jars", "py_files", "files")}
    return Settings(
        folder=folder,
        session=given["session"],
        socket=given["socket"],
        kind=given["kind"],
        name=given.get("name") or "stint",
        conf={key: str(value) for key, value in (given.get("conf") or {}).items()},
        archives=tuple(given.get("archives") or ()),
        resolved=tuple(given.get("resolved") or ()),
        sql_rows=int(given.get("sql_rows", 1000)),
        orphan_timeout=float(given.get("orphan_timeout", 600)),
        plain_r=given.get("plain_r") is True,
        **lists,
    )


def check_resolved(paths: Iterable[str]) -> None:
    """Raises ValueError for a file that was allowed and has since become a link to another."""
    for path in paths:
        if os.path.realpath(path) != path:
            raise ValueError(f"{path} leads elsewhere than when this was submitted.")


def spark_conf(settings: Settings) -> dict[str, str]:
    """The whole conf: ours where nobody else has spoken, lists joined.

    Temporary folders lie below the session's folder whatever was asked, so that removing the
    folder leaves nothing behind.
    """
    conf = {"spark.master": "local[*]", "spark.ui.enabled": "false"}
    conf |= {"spark.ui.showConsoleProgress": "false"}
    # Keys without this prefix are for Livy's own server; spark-submit would only warn of them.
    conf |= {key: value for key, value in settings.conf.items() if key.startswith("spark.")}
    conf["spark.app.name"] = settings.name
    # The first thread takes connections. R has a new connection, in the next thread, after a call
    # that it did not wait for.
    conf.setdefault("spark.r.numRBackendThreads", "16")
    if conf["spark.master"].startswith("local"):
        # Nobody outside this machine has to reach the driver.
        conf.setdefault("spark.driver.host", "127.0.0.1")
        conf.setdefault("spark.driver.bindAddress", "127.0.0.1")
        # A cluster's tables belong where all of it can see them.
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
    # In quotes, for a path with a blank.
    yield f'"-Djava.io.tmpdir={settings.temporary}"'
    yield f'"-Dderby.system.home={settings.temporary}"'
    # Otherwise /tmp/hsperfdata_<user>/<pid> stays behind after kill -9.
    yield "-XX:-UsePerfData"
    # A driver that went on without memory would hang in a thread of Spark's that has died.
    yield "-XX:+ExitOnOutOfMemoryError"


def write_properties(path: Path, conf: Mapping[str, str]) -> None:
    """A Java properties file that only this user can read.

    conf may hold passwords, and a command line can be read by everyone on the machine.
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
