"""Measures the quality of the learner's answers on data sets that ship with its libraries.

The engine gets a CSV with the past or with the training rows only; the rows that it is judged by
stay here. `python -m quality --help`.
"""
