# SPDX-License-Identifier: Apache-2.0
"""The gazetteer by hand: its places, the names they go by, and its versions."""

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.deps import Now, Read, Write, allowed
from api.shapes import Answer, Body, Cursor, Limit, Page, PointBody, ShortText, id_cursor
from geo.accounts.rules import Actor
from geo.gazetteer import editing, places, versions
from geo.gazetteer.entries import NameKind, Place, PlaceState, Version, VersionKind
from geo.gazetteer.rules import PlaceKind

router = APIRouter(tags=["places"])

Finder = Annotated[Actor, allowed("places.find")]
Writer = Annotated[Actor, allowed("places.write")]
Namer = Annotated[Actor, allowed("places.name")]
Restorer = Annotated[Actor, allowed("gazetteer.restore")]
Reader = Annotated[Actor, allowed("gazetteer.read")]

FurtherNames = Annotated[tuple[ShortText, ...], Field(max_length=50)]
# A number of 4 bytes, as the versions are counted in.
Number = Annotated[int, Field(ge=1, le=2_147_483_647)]


class PlaceBody(Body):
    """A place to be added. Without `id` the service makes one."""

    id: UUID | None = None
    kind: PlaceKind
    name: ShortText
    point: PointBody
    street: ShortText | None = None
    estate: ShortText | None = None
    number: ShortText | None = None
    aliases: FurtherNames = ()
    misspellings: FurtherNames = ()


class PlaceChangeBody(Body):
    """What to change; absent or null keeps. A renamed place is known by its old name too."""

    name: ShortText | None = None
    point: PointBody | None = None
    street: ShortText | None = None
    estate: ShortText | None = None
    number: ShortText | None = None


class NameBody(Body):
    """One more name: what people call the place, or what they write when they mean it."""

    text: ShortText
    kind: NameKind = NameKind.ALIAS


class NameAnswer(Answer):
    """A name of a place."""

    text: str
    kind: NameKind


class EntryAnswer(Answer):
    """What is known of a place. WGS-84 degrees; `number` in digits."""

    kind: PlaceKind
    label: str
    lon: float
    lat: float
    street: str | None
    estate: str | None
    number: str | None
    names: list[NameAnswer]


class PlaceAnswer(EntryAnswer):
    """A place; `version` is the one of the gazetteer that it last changed in."""

    id: UUID
    version: int


class VersionAnswer(Answer):
    """A version of the gazetteer: who made it, when, how, and how many places it touched."""

    number: int
    kind: VersionKind
    source: str
    at: datetime
    by: str
    added: int
    changed: int
    retired: int
    restored: int | None


class StateAnswer(Answer):
    """What a version made of a place; `place` is null where it was retired."""

    version: VersionAnswer
    place: EntryAnswer | None


@router.get("/places")
def index(
    session: Read,
    me: Finder,
    q: Annotated[ShortText | None, Query(description="Part of a name")] = None,
    kind: PlaceKind | None = None,
    street: ShortText | None = None,
    estate: ShortText | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[PlaceAnswer]:
    """Places of the gazetteer, by part of a name, by kind, or the houses of a street or estate."""
    found = places.places(
        session,
        me.district,
        text=q,
        kind=kind,
        street=street,
        estate=estate,
        after=id_cursor(cursor),
        limit=limit + 1,
    )
    return Page(
        items=[_place(one) for one in found[:limit]],
        next=str(found[limit - 1].id) if len(found) > limit else None,
    )


@router.post("/places", status_code=201, responses={200: {"model": PlaceAnswer}})
def add(body: PlaceBody, session: Write, me: Writer, now: Now, response: Response) -> PlaceAnswer:
    """Add a place."""
    made, fresh = editing.add_place(
        session,
        actor=me,
        id=body.id or uuid4(),
        kind=body.kind,
        name=body.name,
        point=body.point.value(),
        at=now,
        street=body.street,
        estate=body.estate,
        number=body.number,
        aliases=body.aliases,
        misspellings=body.misspellings,
    )
    response.status_code = 201 if fresh else 200
    return _place(made)


@router.get("/places/{place}")
def show(place: UUID, session: Read, me: Finder) -> PlaceAnswer:
    """One place as it stands."""
    return _place(places.place(session, me.district, place))


@router.patch("/places/{place}")
def change(place: UUID, body: PlaceChangeBody, session: Write, me: Writer, now: Now) -> PlaceAnswer:
    """Rename, move or renumber a place."""
    changed = editing.change_place(
        session,
        actor=me,
        id=place,
        at=now,
        name=body.name,
        point=None if body.point is None else body.point.value(),
        street=body.street,
        estate=body.estate,
        number=body.number,
    )
    return _place(changed)


@router.delete("/places/{place}", status_code=204)
def retire(place: UUID, session: Write, me: Writer, now: Now) -> None:
    """Take a place out of the gazetteer; what was known of it is kept."""
    editing.retire_place(session, actor=me, id=place, at=now)


@router.post("/places/{place}/names", status_code=201)
def name(place: UUID, body: NameBody, session: Write, me: Namer, now: Now) -> PlaceAnswer:
    """Know a place by one more name."""
    named = editing.add_name(session, actor=me, id=place, name=body.text, kind=body.kind, at=now)
    return _place(named)


@router.delete("/places/{place}/names")
def forget(
    place: UUID,
    text: Annotated[ShortText, Query(description="The alias or misspelling")],
    session: Write,
    me: Namer,
    now: Now,
) -> PlaceAnswer:
    """Forget an alias or a misspelling of a place."""
    return _place(editing.drop_name(session, actor=me, id=place, name=text, at=now))


@router.get("/places/{place}/history")
def history(place: UUID, session: Read, me: Reader) -> Page[StateAnswer]:
    """Every state of a place, the newest first: who changed what, when."""
    return Page(items=[_state(one) for one in versions.history(session, me.district, place)])


@router.get("/gazetteer-versions")
def index_versions(
    session: Read,
    me: Reader,
    before: Annotated[Number | None, Query(description="Numbers under this")] = None,
    limit: Limit = 100,
) -> Page[VersionAnswer]:
    """The versions of the gazetteer, the newest, which is in force, first."""
    found = versions.versions(session, me.district, before=before, limit=limit + 1)
    return Page(
        items=[_version(one) for one in found[:limit]],
        next=str(found[limit - 1].number) if len(found) > limit else None,
    )


@router.post("/gazetteer-versions/{number}/restore", status_code=201)
def restore(number: Number, session: Write, me: Restorer, now: Now) -> VersionAnswer:
    """Make the gazetteer what it was in an older version, as a version of its own."""
    return _version(editing.restore_version(session, actor=me, number=number, at=now))


def _place(place: Place) -> PlaceAnswer:
    entry = EntryAnswer.model_validate(place.entry)
    return PlaceAnswer(**entry.model_dump(), id=place.id, version=place.version)


def _state(state: PlaceState) -> StateAnswer:
    return StateAnswer.model_validate(
        {
            "version": _version(state.version),
            "place": None if state.entry is None else EntryAnswer.model_validate(state.entry),
        }
    )


def _version(version: Version) -> VersionAnswer:
    return VersionAnswer.model_validate(version)
