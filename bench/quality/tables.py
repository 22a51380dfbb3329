"""Compares regression and classification with a default random forest on the same splits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import f1_score, r2_score
from sklearn.model_selection import train_test_split

from .learner_calls import answer_of, predicted

_SETS = (
    ("diabetes", load_diabetes, "regression"),
    ("wine", load_wine, "classification"),
    ("breast cancer", load_breast_cancer, "classification"),
    ("digits", load_digits, "classification"),
)
HELD_BACK = 0.25


@dataclass(frozen=True)
class Learned:
    """One table: our score beside that of a default random forest; higher is better."""

    name: str
    measure: str
    ours: float
    forest: float
    champions: list[str]
    seconds: float


def tables(splits: int) -> Iterator[Learned]:
    """Scores each table on `splits` splits into training and test rows."""
    for name, load, program in _SETS:
        data = load(as_frame=True).frame
        features = [column for column in data if column != "target"]
        is_number = program == "regression"
        if not is_number:
            data["target"] = "class " + data["target"].astype(str)
        ours, forest, champions, seconds = [], [], [], []
        for seed in range(splits):
            classes = None if is_number else data["target"]
            train, test = train_test_split(
                data, test_size=HELD_BACK, random_state=seed, stratify=classes
            )
            roles = dict.fromkeys(features, "feature") | {"target": "target"}
            started = time.perf_counter()
            with answer_of(program, train, roles, seed=seed) as answer:
                seconds.append(time.perf_counter() - started)
                found = predicted(answer, test[features], "target")
                champions.append(answer.result["algorithm"]["key"])
            kind = RandomForestRegressor if is_number else RandomForestClassifier
            base = kind(random_state=seed).fit(train[features], train["target"])
            usual = base.predict(test[features])
            if is_number:
                ours.append(r2_score(test["target"], np.asarray(found, float)))
                forest.append(r2_score(test["target"], usual))
            else:
                ours.append(f1_score(test["target"], found, average="macro"))
                forest.append(f1_score(test["target"], usual, average="macro"))
        measure = "R²" if is_number else "macro-F1"
        yield Learned(
            name, measure, float(np.mean(ours)), float(np.mean(forest)), champions, max(seconds)
        )
