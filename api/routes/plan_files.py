# SPDX-License-Identifier: Apache-2.0
"""Plans in files: a draft from a file with the doctor's findings, any plan out again, repairs."""

import shutil
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID, uuid4

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.deps import Now, Read, Write, allowed, service
from api.plan_answers import REVISION_PROBLEMS, Revision, answer, carry_out, problem_feature
from api.shapes import Body, Name
from geo.accounts.rules import Actor
from geo.clock import civil_date
from geo.geojson import collection, dumps
from geo.hierarchy import queries as hierarchy
from geo.ids import Level, PlanId
from geo.interchange import rules as files
from geo.interchange.plan_export import write_division
from geo.interchange.plan_files import read_plan
from geo.interchange.read import Asked
from geo.plans import actions, queries
from geo.plans.drafts import PlanEntry
from geo.plans.edits import Repair
from geo.plans.problems import problems

router = APIRouter(tags=["plans"])

Reader = Annotated[Actor, allowed("plans.read", whole=True)]
Writer = Annotated[Actor, allowed("plans.write", whole=True)]
_SUFFIX = {
    files.Format.SHP: ".zip",
    files.Format.GPKG: ".gpkg",
    files.Format.GEOJSON: ".geojson",
}
_MEDIA = {
    files.Format.SHP: "application/zip",
    files.Format.GPKG: "application/geopackage+sqlite3",
    files.Format.GEOJSON: "application/geo+json",
}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _told(media_type: str) -> dict[int | str, dict[str, Any]]:
    """How the document of the API describes an answer that is a file."""
    return {200: {"content": {media_type: {}}, "description": "The file"}}


_FILE = _told("application/octet-stream")
_JSON: dict[int | str, dict[str, Any]] = {
    201: {"content": {"application/json": {"schema": {"type": "object"}}}, "description": "Draft"}
}


class RepairsBody(Body):
    """Which proposed repairs to carry out: the ids of their problems."""

    repairs: Annotated[
        tuple[Annotated[str, Field(max_length=100)], ...], Field(min_length=1, max_length=10_000)
    ]


@router.post("/plans/import", status_code=201, responses=_JSON, response_class=Response)
def bring_in(
    request: Request,
    me: Writer,
    now: Now,
    file: Annotated[UploadFile, File(description=".zip, .gpkg or .geojson, with cells")],
    name: Annotated[Name | None, Form()] = None,
    based_on: Annotated[UUID | None, Query(description="Default: the plan in force")] = None,
    crs: Annotated[str | None, Query(max_length=20, description="EPSG code")] = None,
    encoding: Annotated[str | None, Query(max_length=20, description="GBK, UTF-8")] = None,
) -> Response:
    """Begin a draft from a file, whole plan or some cells of one; answers what is wrong with it."""
    database = service(request).database
    with database.snapshot() as session:
        base = _base(session, me, based_on, now)
        before = queries.division(session, me.district, base)
        ground = queries.ground(session, me.district, base)
    # What the sender calls his file is a name to show, never a path to write to.
    called = "".join(filter(str.isprintable, Path(file.filename or "").name))[:100] or "upload"
    # No transaction waits for a large file.
    with TemporaryDirectory(prefix="wangge-import-") as folder:
        path = Path(folder) / f"plan{Path(called).suffix.lower()[:10]}"
        with path.open("wb") as copy:
            shutil.copyfileobj(file.file, copy)
        found = read_plan(path, before, ground, asked=Asked(crs, encoding))
    with database.transaction() as session:
        draft = actions.import_draft(
            session,
            actor=me,
            id=PlanId(uuid4()),
            name=name or f"导入 {called}",
            based_on=base.id,
            division=found.division,
            asked={"file": called},
            outcome=found.as_fields(),
            at=now,
        )
    body = {
        "plan": answer(draft).model_dump(mode="json", by_alias=True),
        "file": found.as_fields(),
        "problems": collection(map(problem_feature, problems(found.division, ground))),
    }
    return Response(
        dumps(body),
        status_code=201,
        media_type="application/json",
        headers={"etag": f'"{draft.revision}"'},
    )


@router.get("/plans/{id}/export", responses=_FILE, response_class=Response)
def take_out(
    id: UUID,
    session: Read,
    me: Reader,
    form: Annotated[files.Format, Query(alias="format")] = files.Format.SHP,
) -> Response:
    """A plan as a zipped shapefile or a GeoPackage with all its levels, or its cells as GeoJSON."""
    found = queries.entry(session, me.district, PlanId(id))
    division = queries.division(session, me.district, found)
    ground = queries.ground(session, me.district, found)
    houses = hierarchy.buildings(session, me.district, found.base or found.id)
    level = Level.CELL if form is files.Format.GEOJSON else None
    with TemporaryDirectory(prefix="wangge-export-") as folder:
        out = Path(folder) / f"plan{_SUFFIX[form]}"
        write_division(out, division, ground, houses, form, level=level)
        body = out.read_bytes()
    return download(body, f"{found.name}{_SUFFIX[form]}", _MEDIA[form])


@router.get("/plans/{id}/changes", responses=_told(_XLSX), response_class=Response)
def changes(id: UUID, session: Read, me: Reader, now: Now) -> Response:
    """The official table of what a draft or a plan drawn here changes, as a workbook (XLSX)."""
    # What writes documents is loaded by who asks for one, not by every process that starts.
    from geo.interchange.plan_documents import table_of

    found = queries.entry(session, me.district, PlanId(id))
    body = table_of(session, me.district, found, drawn_on=_today(session, me, now))
    return download(body, f"{found.name} 变更表.xlsx", _XLSX)


@router.get("/plans/{id}/sheets", responses=_told("application/pdf"), response_class=Response)
def sheets(
    id: UUID,
    session: Read,
    me: Reader,
    now: Now,
    within: Annotated[str, Query(min_length=9, max_length=12, description="Community or above")],
) -> Response:
    """Map sheets (PDF, A4): one of a community, or those of all communities of a subdistrict."""
    from geo.interchange.plan_documents import sheets_of

    found = queries.entry(session, me.district, PlanId(id))
    body = sheets_of(session, me.district, found, drawn_on=_today(session, me, now), within=within)
    return download(body, f"{found.name} {within} 网格图.pdf", "application/pdf")


@router.post("/plans/{id}/repairs", responses=REVISION_PROBLEMS, response_class=Response)
def repair(
    id: UUID,
    body: RepairsBody,
    session: Write,
    me: Writer,
    now: Now,
    revision: Revision,
) -> Response:
    """Carry out the repairs that were proposed for some problems."""
    asked = {"op": "repair", "repairs": list(body.repairs)}
    return carry_out(session, me, PlanId(id), revision, Repair(body.repairs), asked, now)


def download(body: bytes, name: str, media_type: str) -> Response:
    """A file to be kept under a name, which may be Chinese."""
    said = (
        f"attachment; filename=\"plan{Path(name).suffix}\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    return Response(body, media_type=media_type, headers={"content-disposition": said})


def _base(session: Session, me: Actor, based_on: UUID | None, now: datetime) -> PlanEntry:
    if based_on is not None:
        return queries.entry(session, me.district, PlanId(based_on))
    in_force = hierarchy.plan_in_force(session, me.district, _today(session, me, now))
    return queries.entry(session, me.district, in_force.id)


def _today(session: Session, me: Actor, now: datetime) -> date:
    return civil_date(now, hierarchy.district(session, me.district).time_zone)
