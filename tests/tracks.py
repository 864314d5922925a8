# SPDX-License-Identifier: Apache-2.0
"""Tracks to try doubts on: honest ones of many kinds, and twelve kinds of made-up ones.

A city of streets about 100 m apart with cells of 5 x 5 streets, six checkpoints in each. Honest
receivers have an error that remembers itself (a Gauss-Markov process, 40 to 150 s), a white part of
some decimetres, canyons, outliers that they do not notice, tunnels. Spoofs are written from what
the applications that make them do, and know nothing of what is doubted. Every track has a seed.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path as File

import numpy as np
from numpy.typing import NDArray

from geo.patrol.doubts import Track, Visit
from geo.patrol.rules import Policy

Floats = NDArray[np.float64]
Knots = list[tuple[float, float, float]]

LON, LAT = 123.7, 41.3
_EAST = 111_320.0 * float(np.cos(np.radians(41.3)))
_NORTH = 111_320.0
STREETS = 5
DAY_S = 86_400.0
HOURS = 2.5
# Their makers' own words: a timing receiver that fixes its place, one accuracy throughout, or a
# place that is repeated for minutes. Nothing tells these from a fixed place typed into a phone.
NOT_HONEST_TO_THE_EYE = {
    "u-blox-m8t-time": "a timing receiver: one place and one accuracy throughout",
    "quectel-l76k-dual": "one accuracy throughout, and nearly half of its fixes repeat a place",
    "quectel-l76k-nmea": "one accuracy throughout, and three quarters repeat a place",
    "ericsson-gru04-02-70sec": "a timing receiver: 97 % of its fixes repeat a place",
    "skytraq-A8": "95 % of its fixes repeat a place",
}
RECEIVERS = File(__file__).parents[2] / "shared" / "data" / "gps_fixes_gpsd_receivers_wgs84.csv"


@dataclass
class Said:
    """What a phone said: seconds, true metres in the city, and what it claims."""

    at: Floats
    x: Floats
    y: Floats
    accuracy_m: Floats
    mock: NDArray[np.bool_]
    visits: list[Visit] = field(default_factory=list)
    visit_at: list[tuple[float, float, float, float]] = field(default_factory=list)


@dataclass
class Made:
    """A track to be judged, and the tracks that were there before it."""

    kind: str
    track: Track
    visits: list[Visit]
    earlier: list[Track] = field(default_factory=list)
    cell: int = 0


class City:
    """Streets, and six checkpoints in each cell."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1905)
        self.columns = np.cumsum(rng.uniform(70, 130, 60))
        self.rows = np.cumsum(rng.uniform(70, 130, 60))
        self.sites: dict[int, list[tuple[float, float]]] = {}
        for cell in range(100):
            nodes = self.nodes(cell)
            picked = rng.choice(len(nodes), 6, replace=False)
            self.sites[cell] = [
                (nodes[i][0] + rng.normal(0, 8), nodes[i][1] + rng.normal(0, 8)) for i in picked
            ]

    def nodes(self, cell: int) -> list[tuple[float, float]]:
        """The crossings of a cell, by row."""
        column, row = cell % 10 * STREETS, cell // 10 * STREETS
        return [
            (float(self.columns[column + i]), float(self.rows[row + j]))
            for j in range(STREETS)
            for i in range(STREETS)
        ]

    def round(
        self, rng: np.random.Generator, cell: int, *, hours: float = HOURS, pace: float = 0.0
    ) -> tuple[Knots, list[tuple[float, int]]]:
        """A walk along the streets with pauses, and when he stood at which checkpoint."""
        nodes = self.nodes(cell)
        t = 8 * 3600 + rng.uniform(0, 3600)
        end = t + hours * 3600
        i, j = int(rng.integers(STREETS)), int(rng.integers(STREETS))
        x, y = nodes[j * STREETS + i]
        knots: Knots = [(t, x, y)]
        stood: list[tuple[float, int]] = []
        usual = pace or rng.uniform(1.0, 1.5)

        def go(to: tuple[float, float]) -> None:
            nonlocal t, x, y
            metres = float(np.hypot(to[0] - x, to[1] - y))
            t += metres / max(0.5, usual * rng.normal(1, 0.08)) + 0.1
            x, y = to
            knots.append((t, x, y))

        def stay(seconds: float) -> None:
            nonlocal t
            t += seconds
            knots.append((t, x, y))

        due = t + rng.uniform(300, 1200)
        order = list(rng.permutation(6))
        while t < end:
            if t >= due and order:
                site = int(order.pop())
                target = self.sites[cell][site]
                near = min(
                    range(len(nodes)),
                    key=lambda n: np.hypot(nodes[n][0] - target[0], nodes[n][1] - target[1]),
                )
                while i != near % STREETS:
                    i += 1 if near % STREETS > i else -1
                    go(nodes[j * STREETS + i])
                while j != near // STREETS:
                    j += 1 if near // STREETS > j else -1
                    go(nodes[j * STREETS + i])
                go(target)
                stay(rng.uniform(10, 40))
                stood.append((t, site))
                stay(rng.uniform(10, 60))
                due = t + rng.uniform(600, 1500)
                continue
            if rng.random() < 0.5:
                i = int(np.clip(i + rng.choice([-1, 1]), 0, STREETS - 1))
            else:
                j = int(np.clip(j + rng.choice([-1, 1]), 0, STREETS - 1))
            go(nodes[j * STREETS + i])
            if rng.random() < 0.15:
                stay(rng.uniform(60, 400))
            elif rng.random() < 0.4:
                stay(rng.uniform(5, 60))
        return knots, stood


@cache
def city() -> City:
    """The one city."""
    return City()


def instants(rng: np.random.Generator, begins: float, ends: float, every: float = 0.0) -> Floats:
    """When a phone reports: every 3 to 15 s, with some irregularity."""
    every = every or float(rng.choice([3.0, 5.0, 5.0, 10.0, 10.0, 15.0]))
    steps = every + np.abs(rng.normal(0, 0.05 * every, int((ends - begins) / every) + 2))
    at = begins + np.cumsum(steps)
    return np.asarray(np.round(at[at < ends], 3))


def along(knots: Knots, at: Floats) -> tuple[Floats, Floats]:
    """Where somebody is at instants."""
    t, x, y = (np.array(column) for column in zip(*knots, strict=True))
    return np.interp(at, t, x), np.interp(at, t, y)


def receiver(rng: np.random.Generator, at: Floats) -> tuple[Floats, Floats, Floats]:
    """A receiver's error east and north, and the accuracy it claims (68 %)."""
    axis = float(np.clip(rng.lognormal(1.1, 0.35), 1.5, 7.0))
    memory = rng.uniform(40, 150)
    white = rng.uniform(0.02, 0.5)
    errors = []
    kept = np.exp(-np.diff(at, prepend=at[0] - 1e6) / memory)
    for _ in range(2):
        fresh = rng.normal(0, axis, len(at)) * np.sqrt(1 - kept**2)
        error = np.empty(len(at))
        last = 0.0
        for n, (k, f) in enumerate(zip(kept.tolist(), fresh.tolist(), strict=True)):
            last = k * last + f
            error[n] = last
        errors.append(error + rng.normal(0, white, len(at)))
    mood = np.exp(np.cumsum(rng.normal(0, 0.02, len(at))) * 0.5).clip(0.6, 2)
    claimed = np.round(np.maximum(2.0, 1.51 * axis * mood * rng.lognormal(0, 0.1, len(at))), 1)
    return errors[0], errors[1], claimed


def canyon(
    rng: np.random.Generator, at: Floats, ex: Floats, ey: Floats, claimed: Floats, share: float
) -> None:
    """Reflected signals: stretches that drift off, and single fixes that nobody notices."""
    for _ in range(int(rng.poisson(share * (at[-1] - at[0]) / 1200))):
        a = rng.uniform(at[0], at[-1])
        lasts, off, bearing = rng.uniform(20, 150), rng.uniform(20, 80), rng.uniform(0, 2 * np.pi)
        piece = (at >= a) & (at < a + lasts)
        strength = off * np.minimum(1, 3 * np.sin(np.pi * (at[piece] - a) / lasts))
        ex[piece] += strength * np.cos(bearing)
        ey[piece] += strength * np.sin(bearing)
        claimed[piece] = np.round(np.hypot(claimed[piece], rng.uniform(0.3, 0.9) * strength), 1)
    wild = np.flatnonzero(rng.random(len(at)) < 0.004 * share)
    for n in wild.tolist():
        run = slice(n, n + int(rng.integers(1, 4)))
        off, bearing = rng.uniform(30, 150), rng.uniform(0, 2 * np.pi)
        ex[run] += off * np.cos(bearing)
        ey[run] += off * np.sin(bearing)


def said(
    at: Floats, x: Floats, y: Floats, accuracy: Floats, *, mock: NDArray[np.bool_] | None = None
) -> Said:
    """A phone's words without check-ins."""
    return Said(at, x, y, accuracy, np.zeros(len(at), dtype=bool) if mock is None else mock)


def checked_in(words: Said, cell: int, stood: Sequence[tuple[float, int]]) -> Said:
    """A check-in at each stop, by the phone's fix of the moment."""
    for at, site in stood:
        n = int(np.searchsorted(words.at, at))
        if 0 < n < len(words.at) and words.at[n] - at < 120:
            checked_in_at(words, cell, site, words.at[n] + 0.4, words.x[n], words.y[n], n)
    return words


def checked_in_at(
    words: Said, cell: int, site: int, at: float, x: float, y: float, like: int
) -> None:
    """A check-in at a place, with the accuracy of the fix numbered `like`."""
    lon, lat = degrees(*(np.array([v]) for v in city().sites[cell][site]))
    words.visits.append(Visit(f"{cell}-{site}", float(lon[0]), float(lat[0])))
    words.visit_at.append((at, x, y, float(words.accuracy_m[like])))


def degrees(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """City metres as WGS-84 degrees, to the seventh decimal."""
    return np.round(LON + x / _EAST, 7), np.round(LAT + y / _NORTH, 7)


def track(words: Said) -> Track:
    """As the service holds it: WGS-84 degrees, 95 % radii of Android accuracies."""
    at, x, y, accuracy = (
        np.concatenate([column, [row[n] for row in words.visit_at]])
        for n, column in enumerate((words.at, words.x, words.y, words.accuracy_m))
    )
    count = len(words.visit_at)
    lon, lat = degrees(x, y)
    return Track(
        at=at,
        lon=lon,
        lat=lat,
        radius_m=np.maximum(1.62 * accuracy, Policy().least_radius_m),
        accuracy_m=accuracy,
        mock=np.concatenate([words.mock, np.zeros(count, dtype=bool)]),
        stream=np.zeros(len(at), dtype=np.int64),
        visit=np.concatenate([np.full(len(words.at), -1), np.arange(count)]).astype(np.int64),
    ).in_order()


def made(kind: str, words: Said, cell: int, earlier: Sequence[Track] = ()) -> Made:
    """A case of a kind."""
    return Made(kind, track(words), words.visits, list(earlier), cell)


def walked(
    rng: np.random.Generator, cell: int, *, rough: float = 0.3, hours: float = HOURS
) -> tuple[Said, list[tuple[float, int]]]:
    """An honest round with its receiver's error."""
    knots, stood = city().round(rng, cell, hours=hours)
    at = instants(rng, knots[0][0], knots[-1][0])
    x, y = along(knots, at)
    ex, ey, claimed = receiver(rng, at)
    canyon(rng, at, ex, ey, claimed, rough)
    return said(at, x + ex, y + ey, claimed), stood


# --- honest kinds -------------------------------------------------------------------------------


def walk(rng: np.random.Generator, cell: int) -> Made:
    """A round on foot with pauses."""
    words, stood = walked(rng, cell)
    return made("walk", checked_in(words, cell, stood), cell)


def tunnels(rng: np.random.Generator, cell: int) -> Made:
    """No signal for minutes; before it goes the receiver often repeats its last place."""
    words, stood = walked(rng, cell)
    kept = np.ones(len(words.at), dtype=bool)
    for _ in range(int(rng.integers(2, 7))):
        a, lasts = rng.uniform(words.at[0], words.at[-1]), rng.uniform(30, 300)
        lost = (words.at >= a) & (words.at < a + lasts)
        stale = lost & (words.at < a + rng.uniform(0, 25))
        if stale.any():
            n = int(np.flatnonzero(stale)[0])
            words.x[stale], words.y[stale] = words.x[n], words.y[n]
            words.accuracy_m[stale] = np.round(words.accuracy_m[n] * rng.uniform(1, 2), 1)
        kept &= ~lost | stale
    words = said(words.at[kept], words.x[kept], words.y[kept], words.accuracy_m[kept])
    return made("tunnels", checked_in(words, cell, stood), cell)


def canyons(rng: np.random.Generator, cell: int) -> Made:
    """Between high houses nearly all the time."""
    words, stood = walked(rng, cell, rough=3.0)
    return made("canyons", checked_in(words, cell, stood), cell)


def gaps(rng: np.random.Generator, cell: int) -> Made:
    """A phone that saves its battery: five minutes between fixes, or stretches of five minutes."""
    words, stood = walked(rng, cell)
    if rng.random() < 0.5:
        kept = np.zeros(len(words.at), dtype=bool)
        kept[np.searchsorted(words.at, np.arange(words.at[0], words.at[-1], 300.0))] = True
    else:
        kept = (words.at // 300).astype(int) % 2 == int(rng.integers(2))
    words = said(words.at[kept], words.x[kept], words.y[kept], words.accuracy_m[kept])
    return made("gaps", checked_in(words, cell, stood), cell)


def standing(rng: np.random.Generator, cell: int) -> Made:
    """Hours in one place, at a checkpoint where he checks in again and again."""
    site = int(rng.integers(6))
    x, y = city().sites[cell][site]
    begins = 8 * 3600 + rng.uniform(0, 3600)
    at = instants(rng, begins, begins + HOURS * 3600)
    ex, ey, claimed = receiver(rng, at)
    canyon(rng, at, ex, ey, claimed, 0.3)
    words = said(at, x + ex, y + ey, claimed)
    stood = [(begins + rng.uniform(0, HOURS * 3600), site) for _ in range(3)]
    return made("standing", checked_in(words, cell, sorted(stood)), cell)


def rides(rng: np.random.Generator, cell: int) -> Made:
    """Rounds with rides in between: an electric bicycle, a bus, a car."""
    knots, stood = city().round(rng, cell, hours=1.0)
    speed = float(rng.choice([6.0, 9.0, 14.0, 20.0, 25.0]))
    t, x, y = knots[-1]
    for _ in range(int(rng.integers(2, 5))):
        way, bearing = rng.uniform(500, 3000), rng.choice(4) * np.pi / 2
        # Up to speed and down again at 1.5 m/s^2, in pieces.
        times = np.linspace(0, 1, 12)
        ramp = speed / 1.5
        total = way / speed + ramp
        clock = times * total
        done = np.where(
            clock < ramp,
            0.75 * clock**2,
            np.where(
                clock > total - ramp, way - 0.75 * (total - clock) ** 2, speed * (clock - ramp / 2)
            ),
        ).clip(0, way)
        knots += [
            (t + c, x + d * np.cos(bearing), y + d * np.sin(bearing))
            for c, d in zip(clock.tolist()[1:], done.tolist()[1:], strict=True)
        ]
        t, x, y = knots[-1]
        t += rng.uniform(20, 300)
        knots.append((t, x, y))
    at = instants(rng, knots[0][0], t)
    xs, ys = along(knots, at)
    ex, ey, claimed = receiver(rng, at)
    canyon(rng, at, ex, ey, claimed, 0.3)
    words = said(at, xs + ex, ys + ey, claimed)
    return made("rides", checked_in(words, cell, stood), cell)


def freezes(rng: np.random.Generator, cell: int) -> Made:
    """A phone that repeats its place while it is not moved; its accuracy goes on changing."""
    words, stood = walked(rng, cell)
    step = np.hypot(np.diff(words.x, prepend=words.x[0]), np.diff(words.y, prepend=words.y[0]))
    hold = np.flatnonzero(step > 1.5)
    held = np.maximum.accumulate(np.where(step > 1.5, np.arange(len(step)), 0))
    assert len(hold)
    words = said(words.at, words.x[held], words.y[held], words.accuracy_m)
    return made("freezes", checked_in(words, cell, stood), cell)


def one_accuracy(rng: np.random.Generator, cell: int) -> Made:
    """A phone that claims one accuracy all day."""
    words, stood = walked(rng, cell)
    words.accuracy_m[:] = float(rng.choice([3.9, 5.0, 10.0, 12.5, 20.0]))
    return made("one accuracy", checked_in(words, cell, stood), cell)


def together(rng: np.random.Generator, cell: int) -> Made:
    """Two workers walk side by side, each with his phone; one of them also yesterday."""
    knots, stood = city().round(rng, cell)
    phones = []
    for _ in range(2):
        at = instants(rng, knots[0][0], knots[-1][0])
        x, y = along(knots, at)
        ex, ey, claimed = receiver(rng, at)
        canyon(rng, at, ex, ey, claimed, 0.3)
        phones.append(said(at, x + ex + rng.normal(0, 1), y + ey + rng.normal(0, 1), claimed))
    yesterday, _ = walked(rng, cell)
    mine = checked_in(phones[0], cell, stood)
    return made("together", mine, cell, [track(phones[1]), moved(track(yesterday), -DAY_S)])


@cache
def receivers() -> dict[str, Floats]:
    """Real receivers: seconds, metres east and north of the mean, 95 % error; by name."""
    found: dict[str, list[tuple[float, float, float, float]]] = defaultdict(list)
    with RECEIVERS.open(newline="") as file:
        for row in csv.DictReader(file):
            instant = datetime.fromisoformat(row["time_utc"].replace("Z", "+00:00")).timestamp()
            found[row["trace"]].append(
                (instant, float(row["lon"]), float(row["lat"]), float(row["eph_m"]))
            )
    made: dict[str, Floats] = {}
    for name, rows in found.items():
        if name in NOT_HONEST_TO_THE_EYE:
            continue
        t, lon, lat, eph = np.array(sorted(rows)).T
        east = (lon - lon.mean()) * 111_320 * np.cos(np.radians(lat.mean()))
        # A hole in the recording is closed: it would look like a place repeated for minutes.
        t = np.cumsum(np.clip(np.diff(t, prepend=t[0]), 0.0, 2.0))
        made[name] = np.array([t, east, (lat - lat.mean()) * 111_320, eph])
    return made


@cache
def twins() -> dict[str, Floats]:
    """Our own stand-ins for the real receivers: the same shape of data, from our noise."""
    kept = {}
    for n in range(8):
        rng = np.random.default_rng([77, n])
        at = np.arange(0.0, 200.0)
        ex, ey, claimed = receiver(rng, at)
        kept[f"twin {n}"] = np.array([at, ex, ey, np.round(claimed * 1.62, 1)])
    return kept


def real_drift(rng: np.random.Generator, cell: int, *, real: bool = True) -> Made:
    """Three quarters of an hour as a real receiver recorded it, there and back.

    As it was: one that stood is not made to walk, for its filter would then have done otherwise.
    """
    store = receivers() if real else twins()
    name = str(rng.choice(sorted(store)))
    t, ex, ey, eph = store[name]
    begins = 8 * 3600 + rng.uniform(0, 3600)
    # One that was carried along would repeat its own way: it is heard once.
    lasts = float(t[-1]) if np.hypot(np.ptp(ex), np.ptp(ey)) > 100 else 2700.0
    at = instants(rng, begins, begins + lasts, every=float(rng.uniform(1, 2)))
    # There and back through the recording, so that it never leaps; read by its nearest fix.
    phase = np.abs((at - at[0] + rng.uniform(0, t[-1])) % (2 * t[-1]) - t[-1])
    n = np.clip(np.searchsorted(t, phase), 0, len(t) - 1)
    site = int(rng.integers(6))
    x, y = city().sites[cell][site]
    words = said(at, x + ex[n], y + ey[n], np.round(eph[n] / 1.62, 1))
    stood = sorted((begins + rng.uniform(0, lasts), site) for _ in range(3))
    return made(f"drift of {name}", checked_in(words, cell, stood), cell)


def twin_drift(rng: np.random.Generator, cell: int) -> Made:
    """As `real_drift`, with our own stand-ins."""
    return real_drift(rng, cell, real=False)


# --- twelve kinds of spoof ----------------------------------------------------------------------


def _still(rng: np.random.Generator, jitter: float, site: int | None, cell: int) -> Said:
    x, y = city().sites[cell][site or 0]
    begins = 8 * 3600 + rng.uniform(0, 3600)
    at = instants(rng, begins, begins + HOURS * 3600)
    x, y = x + rng.normal(0, 5), y + rng.normal(0, 5)
    accuracy = np.full(len(at), float(rng.choice([1.0, 3.0, 5.0, 10.0])))
    noise = (
        rng.normal(0, 1, (2, len(at)))
        if rng.random() < 0.5
        else rng.uniform(-1.7, 1.7, (2, len(at)))
    )
    return said(at, x + jitter * noise[0], y + jitter * noise[1], accuracy)


def static(rng: np.random.Generator, cell: int) -> Made:
    """A fixed place typed into an application, one accuracy."""
    words = _still(rng, 0.0, 0, cell)
    stood = sorted((rng.uniform(words.at[0], words.at[-1]), 0) for _ in range(3))
    return made("static", checked_in(words, cell, stood), cell)


def static_jitter(rng: np.random.Generator, cell: int) -> Made:
    """A fixed place with random numbers added, the accuracy varied at random or not."""
    words = _still(rng, rng.uniform(0.3, 4.0), 0, cell)
    if rng.random() < 0.5:
        words.accuracy_m[:] = np.round(rng.uniform(3, 12, len(words.at)), 1)
    stood = sorted((rng.uniform(words.at[0], words.at[-1]), 0) for _ in range(3))
    return made("static with jitter", checked_in(words, cell, stood), cell)


def static_patrol(rng: np.random.Generator, cell: int) -> Made:
    """At home with an honest receiver, while check-ins are made at the checkpoints' own places."""
    x, y = city().nodes(cell)[int(rng.integers(25))]
    begins = 8 * 3600 + rng.uniform(0, 3600)
    at = instants(rng, begins, begins + HOURS * 3600)
    ex, ey, claimed = receiver(rng, at)
    words = said(at, x + ex, y + ey, claimed)
    faked = rng.random() < 0.5
    for k, site in enumerate(rng.permutation(6)):
        moment = begins + 600 + k * 1200 + rng.uniform(0, 300)
        n = int(np.searchsorted(words.at, moment))
        sx, sy = city().sites[cell][int(site)]
        place = (
            (sx + rng.normal(0, 3), sy + rng.normal(0, 3)) if faked else (words.x[n], words.y[n])
        )
        checked_in_at(words, cell, int(site), moment, *place, n)
    return made("static, claims a patrol", words, cell)


def teleport(rng: np.random.Generator, cell: int) -> Made:
    """From checkpoint to checkpoint by a tap on the map, a few minutes at each, with jitter."""
    words = _still(rng, 0.0, 0, cell)
    sites = [int(site) for site in rng.permutation(6)]
    edges = np.linspace(words.at[0], words.at[-1], 7)
    kept = words.accuracy_m
    # One in three does not trouble to scatter.
    scatter = float(rng.choice([0.0, 1.0, 1.0])) * rng.uniform(0.5, 3)
    noise = rng.normal(0, 1, (2, len(words.at))) * scatter
    x, y = np.empty(len(words.at)), np.empty(len(words.at))
    stood = []
    for k, site in enumerate(sites):
        piece = (words.at >= edges[k]) & (words.at <= edges[k + 1])
        x[piece], y[piece] = city().sites[cell][site]
        stood.append((float(edges[k] + 0.5 * (edges[k + 1] - edges[k])), site))
    words = said(words.at, x + noise[0], y + noise[1], kept)
    return made("teleport", checked_in(words, cell, stood), cell)


def home_and_back(rng: np.random.Generator, cell: int) -> Made:
    """At home with an honest receiver; for some minutes at a checkpoint kilometres away."""
    far, bearing = rng.uniform(1500, 9000), rng.uniform(0, 2 * np.pi)
    sx, sy = city().sites[cell][0]
    begins = 8 * 3600 + rng.uniform(0, 3600)
    at = instants(rng, begins, begins + HOURS * 3600)
    ex, ey, claimed = receiver(rng, at)
    x, y = sx + far * np.cos(bearing) + ex, sy + far * np.sin(bearing) + ey
    stood = []
    for site in rng.permutation(6)[:3]:
        a, lasts = rng.uniform(begins + 300, at[-1] - 900), rng.uniform(60, 600)
        away = (at >= a) & (at < a + lasts)
        px, py = city().sites[cell][int(site)]
        x[away], y[away] = px + rng.normal(0, 2, away.sum()), py + rng.normal(0, 2, away.sum())
        claimed[away] = 5.0
        stood.append((a + lasts / 2, int(site)))
    words = said(at, x, y, claimed)
    return made("home and back", checked_in(words, cell, sorted(stood)), cell)


def too_fast(rng: np.random.Generator, cell: int) -> Made:
    """A round drawn on a map and walked at the speed of a bicycle, with random numbers added."""
    knots, stood = city().round(rng, cell, hours=1.0, pace=rng.uniform(5, 9))
    at = instants(rng, knots[0][0], knots[-1][0])
    x, y = along(knots, at)
    noise = rng.normal(0, rng.uniform(0.5, 3), (2, len(at)))
    words = said(at, x + noise[0], y + noise[1], np.round(rng.uniform(3, 8, len(at)), 1))
    return made("too fast", checked_in(words, cell, stood), cell)


def _replay(
    kind: str,
    rng: np.random.Generator,
    cell: int,
    *,
    noise: float,
    shift: float,
    back: bool = False,
) -> Made:
    old, stood = walked(rng, cell)
    first = track(old)
    at = old.at
    x, y, accuracy = old.x, old.y, old.accuracy_m
    if back:
        at, x, y, accuracy = (at[0] + at[-1] - at)[::-1], x[::-1], y[::-1], accuracy[::-1]
        stood = [(old.at[0] + old.at[-1] - t, site) for t, site in reversed(stood)]
    off = rng.normal(0, 1, (2, len(at))) * noise
    words = said(at + shift, x + off[0], y + off[1], accuracy)
    words = checked_in(words, cell, [(t + shift, site) for t, site in stood])
    now = track(words)
    return Made(kind, now, words.visits, [moved(first, -DAY_S)], cell)


def moved(one: Track, by: float) -> Track:
    """A track at another time."""
    return replace(one, at=one.at + by)


def replay_own(rng: np.random.Generator, cell: int) -> Made:
    """Yesterday's own track, fix by fix."""
    return _replay("replay of yesterday", rng, cell, noise=0.0, shift=0.0)


def replay_noisy(rng: np.random.Generator, cell: int) -> Made:
    """Yesterday's own track with a little noise added."""
    return _replay("replay with noise", rng, cell, noise=rng.uniform(0.1, 1.2), shift=0.0)


def replay_colleague(rng: np.random.Generator, cell: int) -> Made:
    """A colleague's track of the same day, half an hour or hours later."""
    one = _replay("replay of a colleague", rng, cell, noise=0.0, shift=rng.uniform(1800, 9000))
    one.earlier = [moved(earlier, DAY_S) for earlier in one.earlier]
    return one


def replay_shifted(rng: np.random.Generator, cell: int) -> Made:
    """Yesterday's track at another hour, in half of the cases backwards."""
    return _replay(
        "replay shifted or reversed",
        rng,
        cell,
        noise=0.0,
        shift=rng.uniform(-3600, 7200),
        back=bool(rng.random() < 0.5),
    )


def ruler(rng: np.random.Generator, cell: int) -> Made:
    """A player of a drawn route: straight lines at one speed."""
    knots, stood = city().round(rng, cell, pace=rng.uniform(1.0, 2.5))
    at = instants(rng, knots[0][0], knots[-1][0])
    x, y = along(knots, at)
    words = said(at, x, y, np.full(len(at), 5.0))
    return made("ruler", checked_in(words, cell, stood), cell)


def declared(rng: np.random.Generator, cell: int) -> Made:
    """A walk from an application whose fixes the phone declares mock."""
    words, stood = walked(rng, cell)
    words.mock = rng.random(len(words.at)) < rng.choice([1.0, 0.5, 0.05])
    words.mock[len(words.at) // 2] = True
    return made("declared mock", checked_in(words, cell, stood), cell)


Kind = Callable[[np.random.Generator, int], Made]
HONEST: tuple[Kind, ...] = (
    walk, tunnels, canyons, gaps, standing, rides, freezes, one_accuracy, together,
)  # fmt: skip
SPOOFS: tuple[Kind, ...] = (
    static, static_jitter, static_patrol, teleport, home_and_back, too_fast, replay_own,
    replay_noisy, replay_colleague, replay_shifted, ruler, declared,
)  # fmt: skip
# Those that the figures promise; the others are told as they are.
PROMISED: tuple[Kind, ...] = tuple(kind for kind in SPOOFS if kind not in (too_fast, ruler))


def many(kind: Kind, count: int, *, seed: int) -> list[Made]:
    """Some tracks of a kind. Odd seeds are for tuning, even ones for the last measurement."""
    return [
        kind(np.random.default_rng([seed, sum(map(ord, kind.__name__)), n]), n % 20)
        for n in range(count)
    ]
