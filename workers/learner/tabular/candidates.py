"""Chooses the methods for regression and classification by the size of the data.

All run on one thread with a fixed seed. Methods whose time grows faster than the number of rows
are omitted if they would take minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import SelectKBest, f_classif, f_regression
from sklearn.linear_model import LassoCV, LogisticRegression, RidgeCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from ..contest import Algorithm

Candidate = tuple[Algorithm, Callable[[], Pipeline]]

TREES = 100  # trees of a forest; a prediction takes a tenth of a millisecond per tree
WIDEST = 400  # features of a method; if there are more, those most related to the target are used
_KERNEL_ROWS = 4_000
_NEIGHBOUR_ROWS = 10_000
_EXACT_ROWS = 2_000  # up to this number plain boosting is faster than boosting on histograms
_BOOSTED = 12_000  # rows × classes; each class has its own trees
_FOREST_SAMPLE = 8_000  # most rows of a tree of a forest

DUMMY = Algorithm("baseline", "Baseline", "The mean of the target, or its most frequent class")
RIDGE = Algorithm("ridge", "Ridge regression", "Linear regression with a penalty on its weights")
LASSO = Algorithm("lasso", "Lasso", "Linear regression that drops features it does not need")
LOGISTIC = Algorithm("logistic", "Logistic regression", "Linear classifier with probabilities")
KERNEL = Algorithm("svm", "Support vector machine", "Support vectors with a radial kernel")
FOREST = Algorithm("random-forest", "Random forest", "Many trees, each on a sample of the rows")
EXTRA = Algorithm("extra-trees", "Extra trees", "Many trees with splits drawn at random")
BOOSTED = Algorithm("gradient-boosting", "Gradient boosting", "Trees that correct one another")
NEAR = Algorithm("nearest-neighbours", "Nearest neighbours", "Rows that are most alike")
BLEND = Algorithm("blend", "Blend", "Average of linear, kernel, forest and boosting methods")
# The members of the blend are of different kinds, and do not depend on scores.
BLENDED = (RIDGE, LOGISTIC, KERNEL, EXTRA, BOOSTED)


def regressors(rows: int, width: int, seed: int) -> list[Candidate]:
    """Returns the candidates for regression with `rows` training rows of `width` features."""

    def forest() -> Any:
        return RandomForestRegressor(TREES, random_state=seed, max_samples=_sample(rows), n_jobs=1)

    def ridge() -> Any:
        return RidgeCV(alphas=[10.0**power for power in range(-2, 5)])

    def kernel() -> Any:
        return TransformedTargetRegressor(SVR(C=1.0), transformer=StandardScaler())

    candidates: list[tuple[Algorithm, Callable[[], Any]]] = [
        (DUMMY, DummyRegressor),
        (RIDGE, ridge),
        (FOREST, forest),
        (
            EXTRA,
            lambda: ExtraTreesRegressor(
                TREES,
                random_state=seed,
                min_samples_leaf=2,
                max_samples=_sample(rows),
                bootstrap=rows > _FOREST_SAMPLE,
                n_jobs=1,
            ),
        ),
        (
            BOOSTED,
            lambda: (
                HistGradientBoostingRegressor(
                    max_iter=150, learning_rate=0.06, random_state=seed, early_stopping=False
                )
                if rows > _EXACT_ROWS
                else GradientBoostingRegressor(subsample=0.7, max_features=0.5, random_state=seed)
            ),
        ),
    ]
    if rows <= _KERNEL_ROWS:
        candidates += [
            (LASSO, lambda: LassoCV(cv=5, random_state=seed, n_jobs=1)),
            (KERNEL, kernel),
        ]
    if rows <= _NEIGHBOUR_ROWS and width <= WIDEST:
        candidates.append(
            (NEAR, lambda: KNeighborsRegressor(min(7, max(1, rows // 3)), algorithm="brute"))
        )
    return [(algorithm, _pipeline(make, width, f_regression)) for algorithm, make in candidates]


def classifiers(rows: int, width: int, classes: int, balance: bool, seed: int) -> list[Candidate]:
    """Returns the candidates for classification with `rows` training rows of `width` features.

    `balance`: whether rare classes get a larger weight.
    """
    weight = "balanced" if balance else None

    def forest() -> Any:
        return RandomForestClassifier(
            TREES, random_state=seed, class_weight=weight, max_samples=_sample(rows), n_jobs=1
        )

    def logistic() -> Any:
        return LogisticRegression(max_iter=500, class_weight=weight)

    def kernel() -> Any:
        return SVC(C=5.0, class_weight=weight, random_state=seed)

    candidates: list[tuple[Algorithm, Callable[[], Any]]] = [
        (DUMMY, DummyClassifier),
        (LOGISTIC, logistic),
        (FOREST, forest),
        (
            EXTRA,
            lambda: ExtraTreesClassifier(
                TREES,
                random_state=seed,
                class_weight=weight,
                max_samples=_sample(rows),
                bootstrap=rows > _FOREST_SAMPLE,
                n_jobs=1,
            ),
        ),
    ]
    if rows > _EXACT_ROWS and (classes == 2 or rows * classes <= _BOOSTED):
        candidates.append(
            (
                BOOSTED,
                lambda: HistGradientBoostingClassifier(
                    max_iter=100,
                    learning_rate=0.08,
                    random_state=seed,
                    class_weight=weight,
                    early_stopping=False,
                ),
            )
        )
    elif rows <= _EXACT_ROWS and (classes == 2 or rows * classes <= _BOOSTED):
        candidates.append(
            (
                BOOSTED,
                lambda: GradientBoostingClassifier(
                    subsample=0.8, max_features="sqrt", random_state=seed
                ),
            )
        )
    if rows <= _KERNEL_ROWS:
        candidates += [
            (KERNEL, kernel),
        ]
    if rows <= _NEIGHBOUR_ROWS and width <= WIDEST:
        candidates.append((NEAR, lambda: KNeighborsClassifier(5, algorithm="brute")))
    return [(algorithm, _pipeline(make, width, f_classif)) for algorithm, make in candidates]


def _pipeline(make: Callable[[], Any], width: int, related: Any) -> Callable[[], Pipeline]:
    steps: list[Any] = [StandardScaler()]
    if width > WIDEST:
        steps.append(SelectKBest(related, k=WIDEST))

    def build() -> Pipeline:
        return make_pipeline(*[_clone(step) for step in steps], make())

    return build


def _clone(step: Any) -> Any:
    return type(step)(**step.get_params())


def _sample(rows: int) -> int | None:
    return _FOREST_SAMPLE if rows > _FOREST_SAMPLE else None
