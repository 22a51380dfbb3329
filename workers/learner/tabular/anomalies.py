"""The program `anomalies`: rows unlike the others (nexosis dialect, algorithms).

Without a target there is no right answer to compete for. Each method ranks all rows; the one that
agrees best with the ranking of all methods together wins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from kit.failures import InputError
from kit.report import Report

from ..ask import Ask, ask_of
from ..contest import Algorithm, Contest, Contestant, Messages, Trial
from ..limits import MAX_MODEL_ROWS
from ..output import Rows, result_text, texts_of, write_rows
from ..table import Table, read_table
from .detector import anomaly_scores
from .encoding import feature_columns, learn_encoding, read_values, rows_that_fit
from .models import Model
from .supervised import sampled

SHARE = 0.1  # of rows flagged if the data is said to contain anomalies
FEWEST = 5  # rows
TARGET = "anomaly"
_NEIGHBOUR_ROWS = 10_000
_KERNEL_ROWS = 4_000

FOREST = Algorithm(
    "isolation-forest", "Isolation forest", "Rows that random splits set apart early"
)
NEAR = Algorithm(
    "local-outlier-factor", "Local outlier factor", "Rows in thinner places than their neighbours"
)
KERNEL = Algorithm("one-class-svm", "One-class support vectors", "Rows outside a learned boundary")
_Make = Callable[[], Pipeline]


def run(params: str, place: Any, report: Report) -> str:
    """The result as JSON text. Raises InputError and JobCancelled."""
    ask = ask_of(params)
    messages = Messages()
    report.progress(0, 0, "Reading the data")
    table = read_table(ask)
    if table.count < FEWEST:
        raise InputError(f"The data has {table.count} rows; at least {FEWEST} are needed.")
    if any(column.role == "target" for column in ask.columns.values()):
        messages.warn("Anomalies are found without the target column; results are in 'anomaly'.")
    width = max(1, len(ask.of_role("feature")))
    table = sampled(
        table, rows_that_fit(table.count, width, 2 * MAX_MODEL_ROWS), ask.seed, messages
    )
    messages.inform(f"{table.count} observations were found in the data source.")
    columns = feature_columns(ask, table, messages)
    if not columns:
        raise InputError("No column with the role 'feature' has values that differ.")
    values = read_values(table, columns)
    encoding = learn_encoding(columns, values)
    matrix = encoding.matrix(values)
    entries = _methods(len(matrix), ask.seed)
    contest = Contest(report, messages, len(entries) + 1)
    for algorithm, make in entries:
        contest.enter(Contestant(algorithm, _properties(table)), _trial(make, matrix, ask))
    _judge(contest.contestants)
    ranked = contest.ranked()
    champion = ranked[0]
    estimator, scores = champion.outcome
    model = Model("anomalies", TARGET, columns, sorted(ask.missing), encoding, estimator, [])
    contest.finish("Writing the model")
    flagged = np.flatnonzero(scores < 0)
    whole = _rows(ask, table, scores)
    distances = texts_of(_mahalanobis(matrix))
    return result_text(
        {
            "metrics": champion.metrics,
            "algorithm": champion.algorithm.wire(),
            "intervals": [],
            "rows": write_rows(ask.folder, "results.csv", _picked(whole, flagged)),
            "messages": messages.items,
            "contestants": [
                {
                    "id": i,
                    "algorithm": c.algorithm.wire(),
                    "metrics": c.metrics,
                    "dataSourceProperties": list(c.properties),
                    "champion": i == 0,
                    "rows": None
                    if c.failed
                    else write_rows(
                        ask.folder, f"contestant-{i}.csv", _rows(ask, table, c.outcome[1])
                    ),
                }
                for i, c in enumerate(ranked)
            ],
            "selection": {"metricSets": [_selection(table, len(encoding.names))]},
            "model": model.save(ask.folder),
            "details": {
                "anomalyScores": write_rows(ask.folder, "anomaly-scores.csv", whole),
                "mahalanobisDistances": write_rows(
                    ask.folder,
                    "mahalanobis-distances.csv",
                    {**whole, "mahalanobis_distance": distances},
                ),
            },
        }
    )


def _methods(rows: int, seed: int) -> list[tuple[Algorithm, _Make]]:
    found: list[tuple[Algorithm, Callable[[], Any]]] = [
        (FOREST, lambda: IsolationForest(n_estimators=150, random_state=seed, n_jobs=1))
    ]
    if rows <= _NEIGHBOUR_ROWS:
        neighbours = max(2, min(20, rows // 3))
        found.append(
            (NEAR, lambda: LocalOutlierFactor(neighbours, novelty=True, algorithm="brute"))
        )
    if rows <= _KERNEL_ROWS:
        found.append((KERNEL, lambda: OneClassSVM(nu=SHARE)))
    return [(algorithm, _scaled(make)) for algorithm, make in found]


def _scaled(make: _Make) -> _Make:
    return lambda: make_pipeline(StandardScaler(), make())


def _trial(make: _Make, matrix: np.ndarray, ask: Ask) -> Callable[[], Trial]:
    def trial() -> Trial:
        fitted = make().fit(matrix)
        raw = fitted.score_samples(matrix)
        # Just below the least normal row, if the data is said to be clean.
        border = float(np.quantile(raw, SHARE, method="higher")) if ask.contains_anomalies else None
        if border is None:
            border = float(raw.min())
        estimator = {"pipeline": fitted, "border": border}
        scores = anomaly_scores(estimator, matrix)
        return Trial({"percentAnomalies": float((scores < 0).mean())}, 0.0, (estimator, scores))

    return trial


def _judge(contestants: list[Contestant]) -> None:
    """Set each score to its disagreement with the mean rank of all that did not fail."""
    able = [c for c in contestants if not c.failed]
    if not able:
        return
    ranks = np.stack([rankdata(c.outcome[1]) for c in able])
    together = rankdata(ranks.mean(axis=0))
    for contestant, own in zip(able, ranks):
        spread = np.ptp(own) > 0 and np.ptp(together) > 0
        contestant.score = 1 - float(np.corrcoef(own, together)[0, 1]) if spread else 1.0


def _mahalanobis(matrix: np.ndarray) -> np.ndarray:
    """Distance of each row from the mean, in units of a shrunk covariance that always inverts."""
    scaled = StandardScaler().fit_transform(matrix)
    widest = 500
    if scaled.shape[1] > widest:
        return np.asarray(np.sqrt((scaled**2).sum(axis=1)))
    fitted = LedoitWolf().fit(scaled)
    return np.asarray(np.sqrt(np.maximum(fitted.mahalanobis(scaled), 0)))


def _rows(ask: Ask, table: Table, scores: np.ndarray) -> Rows:
    rows: Rows = {TARGET: texts_of(scores)}
    shown = [name for name in ask.columns if name != TARGET]
    return rows | {name: table.columns[name].to_pylist() for name in shown}


def _picked(rows: Rows, at: np.ndarray) -> Rows:
    return {name: [cells[i] for i in at] for name, cells in rows.items()}


def _properties(table: Table) -> tuple[str, ...]:
    gaps = any(column.null_count > 0 for column in table.columns.values())
    return ("Imputed", "Scaled") if gaps else ("Scaled",)


def _selection(table: Table, features: int) -> dict[str, Any]:
    counts = {"observationCount": table.count, "trainingCount": table.count, "testCount": 0}
    return {
        "dataSetProperties": list(_properties(table)),
        "metrics": {**counts, "featureCount": features},
    }
