"""The learner of Stint: a worker that forecasts and learns from data sets (docs/learner.md).

Forecast, impact, regression, classification and anomalies each run a contest between well-known
methods. Predict applies the model that won a contest. The learner uses the protocol of
docs/attempt-protocol.md.
"""
