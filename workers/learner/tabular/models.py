"""Models on disk: skops files with a checksum, loaded with a list of types we trust.

A skops file cannot run code of its own when it is loaded: it names types, and every type must be
known to skops or stand in TRUSTED. The checksum ties the file to the session that wrote it.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from kit.failures import InputError

from ..ask import Column
from ..limits import MAX_MODEL_FILE
from .encoding import Encoding

# Types beyond those skops trusts by itself that our own candidates are made of.
TRUSTED = [
    "numpy.dtype",
    "sklearn._loss.link.HalfLogitLink",
    "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn._loss._loss.CyHalfMultinomialLoss",
    "sklearn._loss._loss.CyHalfSquaredError",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.feature_selection._univariate_selection.f_regression",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
]
_KEPT = 4  # models in memory: a predict after the first needs no file


@dataclass
class Model:
    """What predict needs.

    `estimator` is a list of fitted members whose answers are averaged;
    for anomalies the parts of `detector.anomaly_scores`.
    """

    domain: str
    target: str
    columns: list[Column]
    missing: list[str]
    encoding: Encoding
    estimator: Any
    classes: list[str]

    def save(self, folder: Path) -> dict[str, str]:
        """Write model.skops into `folder`: `{"path", "sha256"}`."""
        plain = {
            "format": 1,
            "domain": self.domain,
            "target": self.target,
            "columns": [vars(column) for column in self.columns],
            "missing": self.missing,
            "encoding": self.encoding.plain,
            "classes": self.classes,
        }
        # As one text: skops would describe each of 10,000 columns piece by piece.
        body = {
            "plain": json.dumps(plain),
            "texts": self.encoding.texts,
            "estimator": self.estimator,
        }
        path = folder / "model.skops"
        skops.io.dump(body, path)
        return {"path": path.name, "sha256": _checksum(path)}


def load_model(path: Path, sha256: str) -> Model:
    """Load a model that `save` wrote; refused if the file is not the one of the checksum."""
    found = _loaded.get(sha256)
    if found is not None:
        _loaded.move_to_end(sha256)
        return found
    try:
        size = path.stat().st_size
    except OSError:
        raise InputError("The model's file is gone; train the model again.") from None
    if size > MAX_MODEL_FILE or _checksum(path) != sha256:
        raise InputError("The model's file is not the one its session wrote; train it again.")
    try:
        body = skops.io.load(path, trusted=TRUSTED)
    except UntrustedTypesFoundException:
        raise InputError("The model's file names types that are not trusted.") from None
    plain = json.loads(body["plain"])
    model = Model(
        domain=plain["domain"],
        target=plain["target"],
        columns=[Column(**column) for column in plain["columns"]],
        missing=plain["missing"],
        encoding=Encoding(plain["encoding"], body["texts"]),
        estimator=body["estimator"],
        classes=plain["classes"],
    )
    _loaded[sha256] = model
    while len(_loaded) > _KEPT:
        _loaded.popitem(last=False)
    return model


_loaded: OrderedDict[str, Model] = OrderedDict()


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
