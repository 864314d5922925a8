# SPDX-License-Identifier: Apache-2.0
"""Lines with a natural hand: splines, fractal wiggles, corner cutting. Plane metres throughout."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def spline(control: Points, step_m: float = 60.0, closed: bool = False) -> Points:
    """Catmull-Rom through the control points, one vertex about every `step_m`."""
    pts = np.asarray(control, dtype=float)
    if closed:
        ext = np.vstack([pts[-1], pts, pts[0], pts[1]])
    else:
        ext = np.vstack([2 * pts[0] - pts[1], pts, 2 * pts[-1] - pts[-2]])
    out = []
    for i in range(1, len(ext) - 2):
        p0, p1, p2, p3 = ext[i - 1], ext[i], ext[i + 1], ext[i + 2]
        n = max(2, int(np.ceil(np.hypot(*(p2 - p1)) / step_m)))
        t = np.linspace(0, 1, n, endpoint=False)[:, None]
        out.append(
            0.5
            * (
                2 * p1
                + (p2 - p0) * t
                + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
                + (3 * p1 - p0 - 3 * p2 + p3) * t**3
            )
        )
    if not closed:
        out.append(ext[-2][None, :])
    return np.vstack(out)


def wiggle(
    points: Points, rng: np.random.Generator, rough: float = 0.16, finest_m: float = 90.0
) -> Points:
    """Midpoint displacement: each span is bent sideways by a share of its length; ends stay."""
    pts = [np.asarray(p, dtype=float) for p in points]
    while True:
        out = [pts[0]]
        grown = False
        for a, b in pairwise(pts):
            span = b - a
            length = float(np.hypot(*span))
            if length > finest_m:
                side = np.array([-span[1], span[0]])
                where = 0.5 + rng.uniform(-0.12, 0.12)
                out.append(
                    a + where * span + side * float(np.clip(rng.normal(0, rough), -0.3, 0.3))
                )
                grown = True
            out.append(b)
        pts = out
        if not grown:
            return np.array(pts)


def chaikin(points: Points, rounds: int = 2, closed: bool = False) -> Points:
    """Corner cutting; the ends of an open line stay where they are."""
    pts = np.asarray(points, dtype=float)
    for _ in range(rounds):
        if len(pts) < 3:
            return pts
        nxt = np.roll(pts, -1, axis=0) if closed else pts[1:]
        cur = pts if closed else pts[:-1]
        cut = np.empty((2 * len(cur), 2))
        cut[0::2] = 0.75 * cur + 0.25 * nxt
        cut[1::2] = 0.25 * cur + 0.75 * nxt
        pts = cut if closed else np.vstack([pts[:1], cut[1:-1], pts[-1:]])
    return pts


def bezier(a: Points, ca: Points, cb: Points, b: Points, step_m: float = 35.0) -> Points:
    """A cubic from a to b with control points ca and cb."""
    n = max(3, int(np.ceil(np.hypot(*(b - a)) / step_m)) + 1)
    t = np.linspace(0, 1, n)[:, None]
    return (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * ca + 3 * (1 - t) * t**2 * cb + t**3 * b
