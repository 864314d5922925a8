# SPDX-License-Identifier: Apache-2.0
"""`python -m geo.sim.district --out data/shapefiles --seed 210503`: draw the demo district."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from geo.sim.district.build import build
from geo.sim.district.layers import layers
from geo.sim.district.write import write

STEPS = 8


def main() -> None:
    """Draw and write the district."""
    parser = argparse.ArgumentParser(prog="python -m geo.sim.district", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("data/shapefiles"))
    parser.add_argument("--seed", type=int, default=210503)
    chosen = parser.parse_args()
    console = Console()
    columns = (TextColumn("{task.description:32}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("start", total=STEPS + 1)

        def report(step: str) -> None:
            bar.update(task, description=step, advance=1)

        made = build(chosen.seed, report)
        report("writing")
        done = write(layers(made), chosen.out)
        bar.update(task, completed=STEPS + 1, description="done")
    for name, rows in done.items():
        console.print(f"{name:14}{rows:8}")


if __name__ == "__main__":
    main()
