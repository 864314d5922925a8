# SPDX-License-Identifier: Apache-2.0
"""Plans in files: a draft from a file with the doctor's findings, any plan out again, repairs."""

import shutil
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.deps import Now, Read, Write, allowed, service
from api.downloads import download, file_answer
from api.plan_answers import REVISION_PROBLEMS, Revision, answer, carry_out, problem_feature
from api.plan_edits import DraftCode
from api.routes.jobs import JobAnswer, job_answer
from api.shapes import Body, Name
from api.sheets_job import sheets_name
from geo.accounts.rules import Actor
from geo.clock import civil_date
from geo.errors import GeoError, Invalid
from geo.geojson import collection, dumps
from geo.hierarchy import queries as hierarchy
from geo.ids import CODE_LENGTH, Level, PlanId
from geo.interchange import rules as files
from geo.interchange.plan_export import write_division
from geo.interchange.plan_files import read_plan
from geo.interchange.read import Asked
from geo.jobs import actions as jobs
from geo.jobs.rules import JobKind
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


_JSON: dict[int | str, dict[str, Any]] = {
    201: {"content": {"application/json": {"schema": {"type": "object"}}}, "description": "Draft"}
}


class NotOneSheet(Invalid):
    """Only the sheet of one community is answered at once."""

    code = "plan.not_one_sheet"


class SheetsBody(Body):
    """Of which area: a subdistrict, the district, or a community."""

    within: DraftCode


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
    told = Path("".join(filter(str.isprintable, Path(file.filename or "").name)) or "upload")
    called = f"{told.stem[:90]}{told.suffix[:10]}"
    # No transaction waits for a large file.
    with TemporaryDirectory(prefix="wangge-import-") as folder:
        path = Path(folder) / f"plan{Path(called).suffix.lower()[:10]}"
        with path.open("wb") as copy:
            shutil.copyfileobj(file.file, copy)
        try:
            found = read_plan(path, before, ground, asked=Asked(crs, encoding))
        except GeoError as error:
            _call(error, path, Path(called))
            raise
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


@router.get("/plans/{id}/export", responses=file_answer(), response_class=Response)
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


@router.get("/plans/{id}/changes", responses=file_answer(_XLSX), response_class=Response)
def changes(id: UUID, session: Read, me: Reader, now: Now) -> Response:
    """The official table of what a draft or a plan drawn here changes, as a workbook (XLSX)."""
    # What writes documents is loaded by who asks for one, not by every process that starts.
    from geo.interchange.plan_documents import table_of

    found = queries.entry(session, me.district, PlanId(id))
    body = table_of(session, me.district, found, drawn_on=_today(session, me, now))
    return download(body, f"{found.name} 变更表.xlsx", _XLSX)


@router.get("/plans/{id}/sheets", responses=file_answer("application/pdf"), response_class=Response)
def sheet(
    id: UUID,
    session: Read,
    me: Reader,
    now: Now,
    within: Annotated[DraftCode, Query(description="A community")],
) -> Response:
    """The map sheet (PDF, A4) of one community. Those of larger areas are drawn by a job."""
    from geo.interchange.plan_documents import sheets_of

    if len(within) != CODE_LENGTH[Level.COMMUNITY]:
        raise NotOneSheet(area=within)
    found = queries.entry(session, me.district, PlanId(id))
    body = sheets_of(session, me.district, found, drawn_on=_today(session, me, now), within=within)
    return download(body, sheets_name(session, me.district, found, within), "application/pdf")


@router.post("/plans/{id}/sheets", status_code=202)
def draw_sheets(
    id: UUID, body: SheetsBody, session: Write, me: Writer, now: Now, request: Request
) -> JobAnswer:
    """Have the map sheets of all communities of an area drawn, as the plan stands; when the job is
    done they are its file.

    One that is under way already is not begun again.
    """
    from geo.interchange.plan_documents import communities_within

    plan = queries.entry(session, me.district, PlanId(id))
    communities_within(session, me.district, plan, body.within)
    asked = {"plan": str(id), "state": plan.state, "within": body.within}
    job = jobs.ask_once(session, actor=me, kind=JobKind.SHEETS, asked=asked, at=now)
    return job_answer(job, request)


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


def _call(error: GeoError, path: Path, called: Path) -> None:
    """Let an error name a file, and a layer named after it, as its sender calls it."""
    names = {"file": (path.name, called.name), "layer": (path.stem, called.stem)}
    for field, (ours, his) in names.items():
        if error.fields.get(field) == ours:
            error.fields[field] = his


def _base(session: Session, me: Actor, based_on: UUID | None, now: datetime) -> PlanEntry:
    if based_on is not None:
        return queries.entry(session, me.district, PlanId(based_on))
    in_force = hierarchy.plan_in_force(session, me.district, _today(session, me, now))
    return queries.entry(session, me.district, in_force.id)


def _today(session: Session, me: Actor, now: datetime) -> date:
    return civil_date(now, hierarchy.district(session, me.district).time_zone)
