"""Tests of a driver's settings and of the conf made from them."""

import json
from pathlib import Path

import pytest

from sparkdriver.batch import command_of
from sparkdriver.settings import (
    Settings,
    check_resolved,
    read_settings,
    spark_conf,
    write_properties,
)


def make_settings(folder: Path, **more) -> Settings:
    values = {"session": "s", "socket": "/tmp/s", "kind": "pyspark"} | more
    (folder / "settings.json").write_text(json.dumps(values), "utf-8")
    return read_settings(folder)


def test_lists_precede_those_in_conf(tmp_path):
    conf = {"spark.jars": "c.jar", "spark.files": "d.txt"}
    settings = make_settings(
        tmp_path, conf=conf, jars=["a.jar", "b.jar"], py_files=["p.py"], archives=["z"]
    )
    conf_made = spark_conf(settings)
    assert conf_made["spark.jars"] == "a.jar,b.jar,c.jar"
    assert conf_made["spark.files"] == "d.txt"
    assert conf_made["spark.submit.pyFiles"] == "p.py"
    assert conf_made["spark.archives"] == "z"
    yarn = spark_conf(make_settings(tmp_path, conf={"spark.master": "yarn"}, archives=["z"]))
    assert yarn["spark.yarn.dist.archives"] == "z"
    assert "spark.driver.host" not in yarn


def test_temporary_files_stay_in_the_folder_whatever_conf_sets(tmp_path):
    conf = {"spark.local.dir": "/elsewhere", "spark.driver.extraJavaOptions": "-Dx=1"}
    conf_made = spark_conf(make_settings(tmp_path, conf=conf))
    assert conf_made["spark.local.dir"] == f"{tmp_path}/tmp"
    assert conf_made["spark.driver.extraJavaOptions"].startswith(
        f'"-Djava.io.tmpdir={tmp_path}/tmp" '
    )
    assert conf_made["spark.driver.extraJavaOptions"].endswith(" -Dx=1")


def test_keys_that_are_not_sparks_are_left_out(tmp_path):
    conf_made = spark_conf(
        make_settings(tmp_path, conf={"livy.rsc.x": 1, "spark.x": 2, "spark.y": True})
    )
    assert "livy.rsc.x" not in conf_made
    assert (conf_made["spark.x"], conf_made["spark.y"]) == ("2", "True")


def test_a_file_that_became_a_link_after_the_check_is_refused(tmp_path):
    folder = tmp_path.resolve()
    (folder / "key").write_text("")
    (folder / "x.jar").write_text("")
    settings = make_settings(folder, resolved=[f"{folder}/x.jar"])
    check_resolved(settings.resolved)
    (folder / "x.jar").unlink()
    (folder / "x.jar").symlink_to(folder / "key")
    with pytest.raises(ValueError, match=r"x\.jar leads elsewhere than when this was submitted"):
        check_resolved(settings.resolved)
    batch = {"file": f"{folder}/x.jar", "resolved": [f"{folder}/x.jar"]}
    with pytest.raises(ValueError, match="leads elsewhere"):
        command_of(folder, batch)


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match="The kind 'cobol' is none of pyspark"):
        make_settings(tmp_path, kind="cobol")


def test_properties_are_private_and_survive_any_character(tmp_path):
    path = tmp_path / "conf"
    write_properties(path, {"spark.a b": "c=d:e\\f\n#ü🐈 "})
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text("ascii") == (
        "spark.a\\u0020b=c\\u003dd\\u003ae\\u005cf\\u000a\\u0023\\u00fc\\ud83d\\udc08\\u0020\n"
    )
