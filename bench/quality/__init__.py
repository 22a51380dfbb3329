"""How good the learner's answers are, on data that ships with the libraries it uses.

The engine gets a CSV with the past or with the training rows only; what it is judged by stays
here. `python -m quality --help`.
"""
