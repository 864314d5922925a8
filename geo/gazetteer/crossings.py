# SPDX-License-Identifier: Apache-2.0
"""Where two streets meet: both said, or nearly."""

from collections.abc import Iterable, Sequence
from itertools import product

from sqlalchemy.orm import Session

from geo.gazetteer.address import Address, joints
from geo.gazetteer.lookups import lines_of
from geo.gazetteer.names import Named, NameIndex
from geo.gazetteer.numbers import crossing_points
from geo.gazetteer.rules import (
    LEAST_LIKENESS,
    SCORES,
    SIMILAR_FACTOR,
    Candidate,
    Match,
    PlaceKind,
)
from geo.ids import DistrictCode

# So many places are tried where two names may part, and what is no part of them there.
_CUTS, _AROUND = 6, "与和跟及同、,/&+×-的"
# What the crossing itself adds to two names that are nearly right.
_CROSS = 0.05

_Side = Sequence[tuple[Sequence[Named], float]]


def crossings(
    session: Session, district: DistrictCode, index: NameIndex, address: Address, text: str
) -> list[Candidate]:
    """Where two streets of a text meet; streets like what was said where it names no two."""
    said = index.said(text)
    streets = [one for one in said if _street_keys(one.places)]
    if len(streets) >= 2:
        first, second = streets[0], streets[1]
        found = _meeting(session, district, [(first.places, 1.0)], [(second.places, 1.0)])
        if found:
            return found
    cuts = joints(text)
    if not address.crossing and not cuts:
        return []
    if not cuts and streets:
        known = streets[0]
        cuts = [known.start if known.start > len(text) - known.end else known.end]
    if not cuts:
        cuts = [
            place for place in range(2, len(text) - 1) if text[place - 1] in "街路巷道线"
        ] or list(range(2, len(text) - 1))[:_CUTS]
    found = []
    for cut in cuts:
        sides = [_streets_like(index, part.strip(_AROUND)) for part in (text[:cut], text[cut:])]
        found += _meeting(session, district, *sides)
    return found


def _streets_like(index: NameIndex, text: str) -> _Side:
    exact = index.exactly(text)
    if _street_keys(exact):
        return [(exact, 1.0)]
    kinds = {PlaceKind.STREET}
    likes = index.like(text, least=LEAST_LIKENESS, limit=6, kinds=kinds, whole=True)
    return [(like.places, like.likeness) for like in likes]


def _meeting(
    session: Session, district: DistrictCode, first: _Side, second: _Side
) -> list[Candidate]:
    keys = {key for side in (first, second) for places, _ in side for key in _street_keys(places)}
    lines = lines_of(session, district, keys) if keys else {}
    found = []
    for (some, fits), (others, fit) in product(first, second):
        for one, other in product(_street_keys(some), _street_keys(others)):
            if one == other or one not in lines or other not in lines:
                continue
            label = f"{one}与{other}交叉口"
            exact = fits == fit == 1.0
            score = SCORES[Match.CROSSING] if exact else SIMILAR_FACTOR * fits * fit + _CROSS
            match = Match.CROSSING if exact else Match.SIMILAR
            for lon, lat in crossing_points(lines[one], lines[other]):
                found.append(Candidate(label, "crossing", lon, lat, round(score, 3), match))
    return found


def _street_keys(places: Iterable[Named]) -> list[str]:
    return sorted(
        {place.street for place in places if place.kind is PlaceKind.STREET and place.street}
    )
