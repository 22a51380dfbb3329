"""Every candidate can be stored, and predicts the same when it is loaded again."""

import numpy as np
import pytest

from kit.failures import InputError
from learner.tabular import models
from learner.tabular.anomalies import _methods
from learner.tabular.candidates import classifiers, regressors
from learner.tabular.encoding import Encoding
from learner.tabular.models import Model, load_model

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = X[:, 0] * 2 + X[:, 1] ** 2
CLASSES = np.array(["high" if y > 1 else "low" for y in Y], object)
WIDE = np.hstack([X, RNG.normal(size=(60, 500))])

SMALL, LARGE = 60, 5_000  # rows, which decide the available methods


def store_and_load(tmp_path, estimator):
    model = Model("regression", "y", [], [], Encoding([], {}), estimator, [])
    saved = model.save(tmp_path)
    models._loaded.clear()
    return load_model(tmp_path / saved["path"], saved["sha256"]).estimator


@pytest.mark.parametrize("rows", [SMALL, LARGE])
@pytest.mark.parametrize("matrix", [X, WIDE], ids=["narrow", "wide"])
def test_regressors(tmp_path, rows, matrix):
    for algorithm, make in regressors(rows, matrix.shape[1], 0):
        fitted = make().fit(matrix, Y)
        restored = store_and_load(tmp_path, fitted).predict(matrix)
        assert np.array_equal(restored, fitted.predict(matrix)), algorithm.key


@pytest.mark.parametrize("rows", [SMALL, LARGE])
@pytest.mark.parametrize("matrix", [X, WIDE], ids=["narrow", "wide"])
def test_classifiers(tmp_path, rows, matrix):
    for algorithm, make in classifiers(rows, matrix.shape[1], 2, True, 0):
        fitted = make().fit(matrix, CLASSES)
        restored = store_and_load(tmp_path, fitted).predict(matrix)
        assert list(restored) == list(fitted.predict(matrix)), algorithm.key


def test_detectors(tmp_path):
    for algorithm, make in _methods(SMALL, 0):
        fitted = make().fit(X)
        restored = store_and_load(tmp_path, {"pipeline": fitted, "border": 0.0})[
            "pipeline"
        ].score_samples(X)
        assert np.array_equal(restored, fitted.score_samples(X)), algorithm.key


def test_only_the_last_few_models_stay_in_memory(tmp_path):
    for i in range(6):
        folder = tmp_path / str(i)
        folder.mkdir()
        back_of = Model("regression", f"y{i}", [], [], Encoding([], {}), {"i": i}, [])
        saved = back_of.save(folder)
        load_model(folder / saved["path"], saved["sha256"])
    assert len(models._loaded) == 4


def test_an_untrusted_type_is_refused(tmp_path):
    saved = Model("regression", "y", [], [], Encoding([], {}), print, []).save(tmp_path)
    models._loaded.clear()
    with pytest.raises(InputError, match="types that are not trusted"):
        load_model(tmp_path / saved["path"], saved["sha256"])
