"""A minimal interpreter behind a pipe: reads a line of code, writes its value."""

import sys

names = {}
for line in sys.stdin:
    print(eval(line, names), flush=True)
