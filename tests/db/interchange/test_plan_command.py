# SPDX-License-Identifier: Apache-2.0
"""`wangge plan import` and `wangge plan export` as a person types them."""

from pathlib import Path

import pyogrio
import pytest
import shapely

from geo.db import Database
from geo.hierarchy.rules import PlanStatus
from geo.interchange.export import write_plan
from geo.interchange.plan_export import write_division
from geo.interchange.rules import Format
from geo.plans import queries
from geo.plans.drafts import StepKind
from geo.plans.problems import problems
from tests import drawing, town
from tests.db.interchange.conftest import Type
from tests.mess import messed

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def settled(wangge: Type, tmp_path: Path) -> None:
    """The town brought in."""
    write_plan(tmp_path / "town", town.areas(), town.buildings(), Format.SHP)
    code, said = wangge("import", tmp_path / "town", "--from", town.IN_FORCE_FROM)
    assert code == 0, said


def mess_in(folder: Path) -> Path:
    out = folder / "mess.gpkg"
    faulty = messed(drawing.division(), 4, share=0.6)
    write_division(out, faulty, drawing.standing(), town.buildings(), Format.GPKG)
    return out


def drafts(database: Database) -> list[tuple[str, int, list[StepKind]]]:
    """Each draft's name, how many problems it has, and the steps it was drawn by."""
    with database.snapshot() as session:
        return [
            (
                plan.name,
                len(
                    problems(
                        queries.division(session, town.DISTRICT, plan),
                        queries.ground(session, town.DISTRICT, plan),
                    )
                ),
                [step.kind for step in queries.steps(session, town.DISTRICT, plan.id)],
            )
            for plan in queries.plans(session, town.DISTRICT)
            if plan.status is PlanStatus.DRAFT
        ]


def test_a_plan_in_a_mess_is_a_draft_with_its_problems(
    wangge: Type, empty: Database, tmp_path: Path
) -> None:
    code, said = wangge("plan", "import", mess_in(tmp_path), "--name", "初稿")
    assert code == 0, said
    assert "重叠" in said
    assert "已存为草案“初稿”" in said
    (found,) = drafts(empty)
    assert (found[0], found[2]) == ("初稿", [StepKind.IMPORT])
    assert found[1] > 3
    assert f"还有 {found[1]} 处问题" in said


def test_with_repair_no_problem_is_left_and_what_was_done_is_said(
    wangge: Type, empty: Database, tmp_path: Path
) -> None:
    code, said = wangge("plan", "import", mess_in(tmp_path), "--repair")
    assert code == 0, said
    assert "没有问题。" in said
    (found,) = drafts(empty)
    assert found[1:] == (0, [StepKind.IMPORT, StepKind.EDIT])


def test_a_dry_run_and_a_bad_file_leave_no_draft(
    wangge: Type, empty: Database, tmp_path: Path
) -> None:
    code, said = wangge("plan", "import", mess_in(tmp_path), "--dry-run", "--repair")
    assert (code, drafts(empty)) == (0, [])
    assert "试运行" in said
    (tmp_path / "bad.gpkg").write_bytes(b"PK")
    code, said = wangge("plan", "import", tmp_path / "bad.gpkg")
    assert (code, drafts(empty)) == (2, [])
    assert "GeoPackage" in said


def test_a_draft_goes_out_and_comes_back_the_same(
    wangge: Type, empty: Database, tmp_path: Path
) -> None:
    wangge("plan", "import", mess_in(tmp_path), "--repair", "--name", "初稿")
    with empty.snapshot() as session:
        (draft,) = (
            plan
            for plan in queries.plans(session, town.DISTRICT)
            if plan.status is PlanStatus.DRAFT
        )
        cells = queries.division(session, town.DISTRICT, draft).cells
    code, said = wangge("plan", "export", tmp_path / "out.zip", "--plan", draft.id)
    assert code == 0, said
    code, said = wangge("plan", "import", tmp_path / "out.zip", "--name", "又一稿")
    assert code == 0, said
    with empty.snapshot() as session:
        again = next(p for p in queries.plans(session, town.DISTRICT) if p.name == "又一稿")
        back = queries.division(session, town.DISTRICT, again).cells
    assert {code: shapely.normalize(cell.shape).wkt for code, cell in back.items()} == {
        code: shapely.normalize(cell.shape).wkt for code, cell in cells.items()
    }
    code, said = wangge("plan", "export", tmp_path / "cells.geojson", "--level", "cell")
    assert code == 0, said
    assert pyogrio.read_info(tmp_path / "cells.geojson")["features"] == 9


def test_the_official_documents_are_written(wangge: Type, empty: Database, tmp_path: Path) -> None:
    wangge("plan", "import", mess_in(tmp_path), "--repair")
    with empty.snapshot() as session:
        draft = next(p.id for p in queries.plans(session, town.DISTRICT) if p.base is not None)
    table, sheets = tmp_path / "table.xlsx", tmp_path / "sheets.pdf"
    words = ("plan", "documents", "--plan", draft, "--table", table, "--sheets", sheets)
    code, said = wangge(*words)
    assert code == 0, said
    assert (table.read_bytes()[:2], sheets.read_bytes()[:5]) == (b"PK", b"%PDF-")
    assert wangge(*words)[0] == 2
    assert wangge("plan", "documents", "--plan", draft)[0] == 2
