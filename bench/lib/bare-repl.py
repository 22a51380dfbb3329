"""The least that an interpreter behind a pipe can do: one line of code in, its value out."""

import sys

names = {}
for line in sys.stdin:
    print(eval(line, names), flush=True)
