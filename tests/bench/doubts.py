# SPDX-License-Identifier: Apache-2.0
"""How many made-up tracks are doubted, and how many honest ones.

    python -m tests.bench.doubts [--spoofs 200] [--honest 2000] [--seed 2] [--why]

Every track is looked up, as the settling pass does it, among the prints of all tracks of its run:
the honest ones walk the same streets in the same hours.
"""

import argparse
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from geo.patrol.doubts import DayDoubts, Earlier, Track, day_doubts
from geo.patrol.prints import LEAST_SHARED, Path, replays
from geo.patrol.rules import Policy
from tests import tracks
from tests.tracks import Made

POLICY = Policy()


@dataclass
class Shelf:
    """Tracks by print, as the table of prints holds them."""

    paths: list[Path] = field(default_factory=list)
    by_print: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def put(self, track: Track) -> None:
        """Keep a track."""
        path = track.path
        for one in path.prints:
            self.by_print[one].append(len(self.paths))
        self.paths.append(path)

    def take_back(self) -> None:
        """Take the last one off again."""
        number = len(self.paths) - 1
        for one in self.paths.pop().prints:
            self.by_print[one].remove(number)

    def like(self, path: Path) -> list[Path]:
        """The tracks that share most prints, at most three."""
        shared: Counter[int] = Counter()
        for one in {*path.prints, *path.backwards.prints}:
            shared.update(self.by_print.get(one, ()))
        return [self.paths[n] for n, count in shared.most_common(3) if count >= LEAST_SHARED]


def judged(case: Made, shelf: Shelf) -> DayDoubts:
    """The doubts about a track, its replays looked up on a shelf."""
    path = case.track.path
    seconds = POLICY.replay_for.total_seconds()
    found = [
        Earlier(replay, "2026-03-01", True)
        for other in [*shelf.like(path)]
        for replay in replays(path, other, lasts_s=seconds, within_m=POLICY.replay_within_m)
    ]
    found += [
        Earlier(replay, "2026-03-02", True)
        for replay in replays(
            path, path, lasts_s=seconds, within_m=POLICY.replay_within_m, same=True
        )
    ]
    return day_doubts(case.track, case.visits, POLICY, found)


def marked(cases: Sequence[Made], shelf: Shelf) -> list[tuple[str, ...]]:
    """The codes of the doubts about each track."""
    return [tuple(doubt["code"] for doubt in judged(case, shelf).track) for case in cases]


def honest(count: int, *, seed: int) -> list[Made]:
    """Honest tracks, as many of each kind; real receivers' where they are present."""
    drift = tracks.real_drift if tracks.RECEIVERS.exists() else tracks.twin_drift
    kinds = (*tracks.HONEST, drift)
    each = -(-count // len(kinds))
    return [case for kind in kinds for case in tracks.many(kind, each, seed=seed)][:count]


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--spoofs", type=int, default=200)
    asked.add_argument("--honest", type=int, default=2000)
    asked.add_argument("--seed", type=int, default=2)
    asked.add_argument("--why", action="store_true")
    said = asked.parse_args()
    good = honest(said.honest, seed=said.seed)
    shelf = Shelf()
    for case in good:
        for earlier in case.earlier:
            shelf.put(earlier)
    took: list[float] = []
    print(f"{'honest kind':32} tracks marked")
    table: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for case in good:
        began = time.perf_counter()
        codes = tuple(doubt["code"] for doubt in judged(case, shelf).track)
        took.append(time.perf_counter() - began)
        table[case.kind].append(codes)
        shelf.put(case.track)
    for kind, found in table.items():
        print(f"{kind:32} {len(found):6} {sum(map(bool, found)):6}", end="  ")
        print(dict(Counter(code for codes in found for code in codes)) or "")
    wrong = sum(bool(codes) for found in table.values() for codes in found)
    print(f"{'all honest':32} {len(good):6} {wrong:6}  {wrong / len(good):.2%}")
    print(f"\n{'spoof':32} tracks  recall  by")
    for kind_of in tracks.SPOOFS:
        cases = tracks.many(kind_of, said.spoofs, seed=said.seed)
        found = []
        for case in cases:
            # Beside everything honest that is on the shelf.
            for earlier in case.earlier:
                shelf.put(earlier)
            found.append(tuple(doubt["code"] for doubt in judged(case, shelf).track))
            for _ in case.earlier:
                shelf.take_back()
        by = Counter(code for codes in found for code in codes)
        share = sum(map(bool, found)) / len(found)
        print(f"{cases[0].kind:32} {len(found):6} {share:7.3f}  {dict(by)}")
    fixes = statistics.median(len(case.track) for case in good)
    print(f"\na track of {fixes:.0f} fixes took {statistics.median(took) * 1000:.1f} ms (median)")


if __name__ == "__main__":
    main()
