"""The Stint learner: a worker that answers questions about data sets (docs/learner.md).

Forecast, impact, regression, classification and anomalies are small contests between well-known
methods; predict applies the model a contest was won with. It speaks docs/attempt-protocol.md.
"""
