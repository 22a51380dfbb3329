"""The program `anomalies`: finds rows unlike the others (nexosis dialect, algorithms).

Without a target there is no correct result to compare with. So each method ranks all rows, and the
method that agrees best with the mean ranking of all methods wins.
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

from ..contest import Algorithm, Contest, Contestant, Messages, Trial
from ..limits import MAX_MODEL_ROWS
from ..output import Rows, result_text, texts_of, write_rows
from ..session import Session, read_session
from ..table import Table, read_table
from .detector import anomaly_scores
from .encoding import feature_columns, learn_encoding, read_values, rows_that_fit
from .models import Model
from .supervised import sampled

SHARE = 0.1  # share of rows that are flagged if the data contains anomalies
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


def run(params: str, backend: Any, report: Report) -> str:
    """Returns the result as JSON text. Raises InputError and JobCancelled."""
    session = read_session(params)
    messages = Messages()
    report.progress(0, 0, "Reading the data")
    table = read_table(session)
    if table.count < FEWEST:
        raise InputError(f"The data has {table.count} rows; at least {FEWEST} are needed.")
    if any(column.role == "target" for column in session.columns.values()):
        messages.warn("Anomalies are found without the target column; results are in 'anomaly'.")
    width = max(1, len(session.with_role("feature")))
    table = sampled(
        table, rows_that_fit(table.count, width, 2 * MAX_MODEL_ROWS), session.seed, messages
    )
    messages.inform(f"{table.count} observations were found in the data source.")
    columns = feature_columns(session, table, messages)
    if not columns:
        raise InputError("No column with the role 'feature' has values that differ.")
    values = read_values(table, columns)
    encoding = learn_encoding(columns, values)
    matrix = encoding.matrix(values)
    entries = _methods(len(matrix), session.seed)
    contest = Contest(report, messages, len(entries) + 1)
    for algorithm, make in entries:
        contest.enter(Contestant(algorithm, _properties(table)), _trial(make, matrix, session))
    _score_agreement(contest.contestants)
    ranked = contest.ranked()
    champion = ranked[0]
    estimator, scores = champion.outcome
    model = Model("anomalies", TARGET, columns, sorted(session.missing), encoding, estimator, [])
    contest.finish("Writing the model")
    flagged = np.flatnonzero(scores < 0)
    whole = _rows(session, table, scores)
    distances = texts_of(_mahalanobis(matrix))
    return result_text(
        {
            "metrics": champion.metrics,
            "algorithm": champion.algorithm.to_json(),
            "intervals": [],
            "rows": write_rows(session.folder, "results.csv", _picked(whole, flagged)),
            "messages": messages.items,
            "contestants": [
                {
                    "id": i,
                    "algorithm": c.algorithm.to_json(),
                    "metrics": c.metrics,
                    "dataSourceProperties": list(c.properties),
                    "champion": i == 0,
                    "rows": None
                    if c.failed
                    else write_rows(
                        session.folder, f"contestant-{i}.csv", _rows(session, table, c.outcome[1])
                    ),
                }
                for i, c in enumerate(ranked)
            ],
            "selection": {"metricSets": [_selection(table, len(encoding.names))]},
            "model": model.save(session.folder),
            "details": {
                "anomalyScores": write_rows(session.folder, "anomaly-scores.csv", whole),
                "mahalanobisDistances": write_rows(
                    session.folder,
                    "mahalanobis-distances.csv",
                    {**whole, "mahalanobis_distance": distances},
                ),
            },
        }
    )


def _methods(rows: int, seed: int) -> list[tuple[Algorithm, _Make]]:
    methods: list[tuple[Algorithm, Callable[[], Any]]] = [
        (FOREST, lambda: IsolationForest(n_estimators=150, random_state=seed, n_jobs=1))
    ]
    if rows <= _NEIGHBOUR_ROWS:
        neighbours = max(2, min(20, rows // 3))
        methods.append(
            (NEAR, lambda: LocalOutlierFactor(neighbours, novelty=True, algorithm="brute"))
        )
    if rows <= _KERNEL_ROWS:
        methods.append((KERNEL, lambda: OneClassSVM(nu=SHARE)))
    return [(algorithm, _scaled(make)) for algorithm, make in methods]


def _scaled(make: _Make) -> _Make:
    return lambda: make_pipeline(StandardScaler(), make())


def _trial(make: _Make, matrix: np.ndarray, session: Session) -> Callable[[], Trial]:
    def trial() -> Trial:
        fitted = make().fit(matrix)
        raw = fitted.score_samples(matrix)
        # If the data contains no anomalies, the border is the score of the least normal row.
        border = (
            float(np.quantile(raw, SHARE, method="higher")) if session.contains_anomalies else None
        )
        if border is None:
            border = float(raw.min())
        estimator = {"pipeline": fitted, "border": border}
        scores = anomaly_scores(estimator, matrix)
        return Trial({"percentAnomalies": float((scores < 0).mean())}, 0.0, (estimator, scores))

    return trial


def _score_agreement(contestants: list[Contestant]) -> None:
    """Sets each contestant's score to its disagreement with the mean rank of all contestants."""
    successful = [c for c in contestants if not c.failed]
    if not successful:
        return
    ranks = np.stack([rankdata(c.outcome[1]) for c in successful])
    together = rankdata(ranks.mean(axis=0))
    for contestant, own in zip(successful, ranks):
        spread = np.ptp(own) > 0 and np.ptp(together) > 0
        contestant.score = 1 - float(np.corrcoef(own, together)[0, 1]) if spread else 1.0


def _mahalanobis(matrix: np.ndarray) -> np.ndarray:
    """Returns the Mahalanobis distance of each row from the mean.

    Uses a shrunk covariance, which is always invertible. With more than 500 features the covariance
    is ignored.
    """
    scaled = StandardScaler().fit_transform(matrix)
    widest = 500
    if scaled.shape[1] > widest:
        return np.asarray(np.sqrt((scaled**2).sum(axis=1)))
    fitted = LedoitWolf().fit(scaled)
    return np.asarray(np.sqrt(np.maximum(fitted.mahalanobis(scaled), 0)))


def _rows(session: Session, table: Table, scores: np.ndarray) -> Rows:
    rows: Rows = {TARGET: texts_of(scores)}
    shown = [name for name in session.columns if name != TARGET]
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
