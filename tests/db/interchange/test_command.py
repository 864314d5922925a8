# SPDX-License-Identifier: Apache-2.0
"""`wangge import` and `wangge export` as a person types them."""

from pathlib import Path

import pytest
import shapely

from geo.db import Database
from geo.hierarchy.queries import districts
from geo.ids import Level
from tests import town
from tests.db.interchange.conftest import Type
from tests.files import write_shapefile, zipped

COLUMNS = {"名称": ["平山区", "溪湖区"], "代码": ["210502", "210503"]}
SHAPES = [town.box(0, 0, 100, 300), town.box(100, 0, 300, 300)]


def loaded(database: Database) -> list[str]:
    with database.snapshot() as session:
        return [found.code for found in districts(session)]


def test_in_and_out_and_in_again(wangge: Type, empty: Database, tmp_path: Path) -> None:
    file = write_shapefile(
        tmp_path / "qu.shp", SHAPES, COLUMNS, srid=4529, encoding="GBK", cpg=False
    )
    code, said = wangge("import", zipped(file))
    assert (code, loaded(empty)) == (0, ["210502", "210503"])
    assert "gb18030 (by its bytes), EPSG:4529" in said
    out = tmp_path / "out.gpkg"
    code, said = wangge("export", out, "--district", "210503")
    assert code == 0
    assert out.exists()
    code, said = wangge("export", out, "--district", "210503")
    assert code == 2
    assert "写入" not in said
    code, said = wangge("export", tmp_path / "absent" / "out.gpkg", "--district", "210503")
    assert code == 2
    assert "没有这个目录" in said
    assert not (tmp_path / "absent").exists()
    code, said = wangge("export", tmp_path / "one.geojson", "--district", "210503")
    assert code == 0
    assert "one.fields.csv" in said
    code, said = wangge("import", out)
    assert code == 2
    assert "该区已存在" in said
    assert "--level" in said
    code, said = wangge("export", tmp_path / "other.gpkg")
    assert code == 1
    assert "--district" in said


def test_a_dry_run_reports_and_stores_nothing(
    wangge: Type, empty: Database, tmp_path: Path
) -> None:
    crossed = shapely.Polygon([town.point(*xy) for xy in ((0, 0), (9, 9), (9, 0), (0, 9), (0, 0))])
    file = write_shapefile(tmp_path / "qu.shp", [crossed], {"名称": ["溪湖区"], "代码": ["210503"]})
    code, said = wangge("import", file, "--dry-run")
    assert (code, loaded(empty)) == (0, [])
    assert "图形自相交" in said
    assert "可以导入" in said
    assert "210503" in said
    assert "存储 (" not in said
    code, said = wangge("import", file)
    assert (code, loaded(empty)) == (0, ["210503"])
    assert "图形自相交" in said


def test_fields_of_any_name_can_be_said(wangge: Type, empty: Database, tmp_path: Path) -> None:
    columns = {"F1": ["210503"], "F2": ["溪湖区"]}
    file = write_shapefile(tmp_path / "x.shp", SHAPES[:1], columns)
    code, said = wangge("import", file)
    assert code == 2
    assert "--level" in said
    code, said = wangge("import", file, "--level", Level.DISTRICT.value)
    assert code == 2
    assert "F1, F2" in said
    assert "--map" in said
    words = ("import", file, "--level", "district", "--map", "code=F1", "--map")
    assert wangge(*words, "name")[0] == 2
    assert wangge(*words, "name=F3")[0] == 2
    assert wangge(*words, "name=F2")[0] == 0
    assert loaded(empty) == ["210503"]


@pytest.mark.parametrize(
    ("language", "words"), [("zh_CN.UTF-8", "不知道是哪个投影带"), ("en_GB.UTF-8", "Zone unknown")]
)
def test_refusals_speak_the_language_of_the_terminal(
    wangge: Type, empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    language: str, words: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("LANG", language)
    file = write_shapefile(tmp_path / "qu.shp", SHAPES, COLUMNS, srid=4550, prj=False)
    code, said = wangge("import", file)
    assert (code, loaded(empty)) == (2, [])
    assert words in said
    assert "--crs" in said
    assert "EPSG:4550" in said
    assert "Traceback" not in said


def test_nothing_of_that_name(wangge: Type, tmp_path: Path) -> None:
    code, said = wangge("import", tmp_path / "nothing.zip")
    assert code == 2
    assert "nothing.zip" in said
    assert "no such file" not in said
    (tmp_path / "empty").mkdir()
    code, said = wangge("import", tmp_path / "empty")
    assert code == 2
    assert "没有任何图层" in said


def test_places_come_in_with_their_bad_rows_named(
    wangge: Type, empty: Database, tmp_path: Path
) -> None:
    file = write_shapefile(
        tmp_path / "qu.shp", SHAPES[1:], {"名称": ["溪湖区"], "代码": ["210503"]}
    )
    assert wangge("import", file)[0] == 0
    lon, lat = town.point(150, 150)
    table = tmp_path / "地名.csv"
    rows = [
        "名称,街路,门牌号,经度,纬度",
        f",彩虹街,十号,{lon},{lat}",
        "丙,,,,",
        f"丁,,,{lat},{lon}",
    ]
    table.write_text("\n".join(rows), encoding="gbk")
    words = ("import", table, "--level", "gazetteer")
    code, said = wangge(*words)
    assert code == 2
    for part in ("│ 3 ", "没有坐标", "│ 4 ", "经纬度颠倒", "--skip-bad", "gb18030 (by its bytes)"):
        assert part in said
    code, said = wangge(*words, "--skip-bad", "--dry-run")
    assert code == 0
    assert "没有存储任何内容" in said
    code, said = wangge(*words, "--skip-bad")
    assert code == 0
    assert "第 2 版：新增 2，更改 0" in said
    assert "跳过 2 个有误的行" in said
    code, said = wangge("gazetteer", "versions")
    assert code == 0
    assert "地名.csv" in said
    assert "随方案更名" in said
    assert wangge("gazetteer", "restore", 9)[0] == 2
    code, said = wangge("gazetteer", "restore", 1)
    assert code == 0
    assert "作为第 3 版" in said
