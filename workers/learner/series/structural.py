"""Structural time series: level, season and covariates as one linear Gaussian state space.

This is the method of CausalImpact (Brodersen et al., 2015) with maximum likelihood instead of
sampling. Coefficients of waves and features are part of the state, with a diffuse prior. So their
uncertainty widens the prediction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from statsmodels.tsa.statespace.structural import UnobservedComponents

from ..contest import Algorithm

RECENT = 1_000  # most recent intervals for the fit; older ones take time and have little effect
_STEPS = 100  # iterations of the optimiser


@dataclass(frozen=True)
class Structure:
    """One structural model, as options of statsmodels."""

    algorithm: Algorithm
    options: dict[str, Any]


STRUCTURES = (
    Structure(
        Algorithm(
            "causal-impact-level",
            "Causal impact, local level",
            "Structural time series: a level that walks, seasonal waves and features",
        ),
        {"level": "llevel"},
    ),
    Structure(
        Algorithm(
            "causal-impact-trend",
            "Causal impact, local level with drift",
            "Structural time series: a level that walks around a steady trend, waves and features",
        ),
        {"level": "lldtrend"},
    ),
    Structure(
        Algorithm(
            "causal-impact-arima",
            "Causal impact, steady trend with autoregressive errors",
            "Structural time series: a straight trend, waves, features and first-order errors",
        ),
        {"level": "dtrend", "autoregressive": 1},
    ),
    Structure(
        Algorithm(
            "causal-impact-constant",
            "Causal impact, constant level",
            "Structural time series: a constant, seasonal waves and features",
        ),
        {"level": "dconstant"},
    ),
)


@dataclass(frozen=True)
class Prediction:
    """A prediction: mean and deviation for each step, and the deviation of the weighted sum."""

    mean: np.ndarray
    deviation: np.ndarray
    sum_deviation: float


class Fitted:
    """A structure fitted to a history.

    `extra` are the covariates, with a row for each step of the history and of the prediction.
    Raises ValueError if the fit fails.
    """

    def __init__(self, structure: Structure, history: np.ndarray, extra: np.ndarray) -> None:
        self._history, self._extra = history, extra
        self._options = {**structure.options, "mle_regression": False}
        self._model = self._model_of(history, 0)
        start = self._model.start_params
        self.result = self._model.fit(start, disp=False, maxiter=_STEPS, method="lbfgs")
        if not np.isfinite(self.result.llf):
            raise ValueError("the likelihood is not finite")

    @property
    def burn_in(self) -> int:
        """The number of steps at the beginning whose predictions are not reliable."""
        return int(self.result.loglikelihood_burn) + int(self._model.k_states)

    def predict(self, origin: int, weights: np.ndarray) -> Prediction:
        """Predicts `len(weights)` steps from step `origin` on, from the history before it.

        `weights`: the weight of each step in the sum.
        """
        steps = len(weights)
        future = self._model_of(np.full(steps, np.nan), origin)
        future.update(self.result.params)
        ssm = future.ssm
        design, move = ssm["design"], ssm["transition"]
        noise = ssm["selection"] @ ssm["state_cov"] @ ssm["selection"].T
        irregular = float(ssm["obs_cov"].ravel()[0])
        state = self.result.predicted_state[:, origin]
        cov = self.result.predicted_state_cov[:, :, origin]
        mean, variance = np.empty(steps), np.empty(steps)
        # The variance of the weighted sum, and its covariance with the state.
        total, shared = 0.0, np.zeros(len(state))
        for i, weight in enumerate(weights):
            look = (
                design[0, :, i] if design.ndim == 3 and design.shape[2] > 1 else design[0].ravel()
            )
            spread = cov @ look
            mean[i] = look @ state
            variance[i] = look @ spread + irregular
            total += weight**2 * variance[i] + 2 * weight * float(shared @ look)
            shared = move @ (shared + weight * spread)
            state = move @ state
            cov = move @ cov @ move.T + noise
        return Prediction(mean, np.sqrt(np.maximum(variance, 0)), float(np.sqrt(max(total, 0.0))))

    def _model_of(self, values: np.ndarray, origin: int) -> UnobservedComponents:
        exog = self._extra[origin : origin + len(values)] if self._extra.shape[1] else None
        return UnobservedComponents(values, exog=exog, **self._options)
