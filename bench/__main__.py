"""`python -m bench [--json]`: one table of ratios against yardsticks of the same run.

It always ends with 0: a benchmark informs, and a shared machine may be slow. What cannot be
measured here is listed as skipped, with the reason.
"""

import argparse
import json
import platform
from dataclasses import asdict

from bench.rows import MEASURES, Row


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    as_json = parser.parse_args().json
    rows = []
    if not as_json:
        print("| Quantity | Measured | Bar | | Remark |\n| --- | ---: | ---: | --- | --- |")
    for measure in MEASURES:
        for row in measure():
            rows.append(row)
            if not as_json:
                print(_line(row), flush=True)
    if as_json:
        print(json.dumps([asdict(row) | {"met": row.met} for row in rows], indent=2))
    else:
        print(f"\nPython {platform.python_version()}, {platform.machine()}")


def _line(row: Row) -> str:
    sign = ">=" if row.least else "<="
    bar = "" if row.bar is None else f"{sign} {row.bar:,g}"
    value = "" if row.value is None else f"{_number(row.value)} {row.unit}"
    return f"| {row.name} | {value} | {bar} | {row.met} | {row.note} |"


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"


if __name__ == "__main__":
    main()
