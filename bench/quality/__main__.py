"""`python -m quality`: prints every figure beside its baseline, and last all of them as JSON.

--only forecast,table,impact   some of them
--quick                        fewer splits and runs, to see that everything works
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from learner.limits import one_thread

one_thread()


def main() -> int:
    """Prints every figure; returns the exit code."""
    parser = argparse.ArgumentParser(prog="quality", description=__doc__)
    parser.add_argument("--only", default="forecast,table,impact")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    chosen = options.only.split(",")
    found: dict[str, list[dict[str, Any]]] = {"forecast": [], "table": [], "impact": []}
    if "forecast" in chosen:
        from .forecasts import forecasts  # noqa: PLC0415

        for each in forecasts(1 if options.quick else 4):
            _tell(f"{each.name}: MASE {each.ours:.3f}, seasonal naive {each.naive:.3f}")
            found["forecast"].append(asdict(each))
    if "table" in chosen:
        from .tables import tables  # noqa: PLC0415

        for learned in tables(1 if options.quick else 5):
            ours = f"{learned.measure} {learned.ours:.4f}"
            _tell(f"{learned.name}: {ours}, random forest {learned.forest:.4f}")
            found["table"].append(asdict(learned))
    if "impact" in chosen:
        from .impacts import impacts  # noqa: PLC0415

        for kind, effects in zip(("real", "simulated"), impacts(8 if options.quick else 50)):
            _tell(f"impact, {kind}: {asdict(effects)}")
            found["impact"].append({"kind": kind, **asdict(effects)})
    print(json.dumps(found))
    return 0


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
