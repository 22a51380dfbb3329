"""Stores models as skops files with a checksum, and loads them with a list of trusted types.

A skops file cannot run its own code when it is loaded: it names types, and every type must be
trusted by skops or listed in TRUSTED. The checksum proves that the session wrote the file.
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

from ..limits import MAX_MODEL_FILE
from ..session import Column
from .encoding import Encoding

# Types of the candidates' estimators that skops does not trust by default.
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
_CACHE_SIZE = 4  # models that stay in memory, so that later predictions need no file


@dataclass
class Model:
    """A model for predict.

    `estimator` is a list of fitted estimators whose predictions are averaged. For anomalies it is
    the argument of `detector.anomaly_scores`.
    """

    domain: str
    target: str
    columns: list[Column]
    missing: list[str]
    encoding: Encoding
    estimator: Any
    classes: list[str]

    def save(self, folder: Path) -> dict[str, str]:
        """Writes model.skops to `folder`, and returns `{"path", "sha256"}`."""
        plain = {
            "format": 1,
            "domain": self.domain,
            "target": self.target,
            "columns": [vars(column) for column in self.columns],
            "missing": self.missing,
            "encoding": self.encoding.plain,
            "classes": self.classes,
        }
        # As one text, because skops would describe each of 10,000 columns separately.
        body = {
            "plain": json.dumps(plain),
            "texts": self.encoding.texts,
            "estimator": self.estimator,
        }
        path = folder / "model.skops"
        skops.io.dump(body, path)
        return {"path": path.name, "sha256": _checksum(path)}


def load_model(path: Path, sha256: str) -> Model:
    """Loads a model that `save` wrote. Raises InputError if its checksum is not `sha256`."""
    cached = _loaded.get(sha256)
    if cached is not None:
        _loaded.move_to_end(sha256)
        return cached
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
    while len(_loaded) > _CACHE_SIZE:
        _loaded.popitem(last=False)
    return model


_loaded: OrderedDict[str, Model] = OrderedDict()


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
