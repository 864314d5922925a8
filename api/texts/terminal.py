# SPDX-License-Identifier: Apache-2.0
"""Lines that `wangge import`, `export` and `gazetteer` say at the terminal."""

from api.texts import Language
from geo.gazetteer.entries import VersionKind
from geo.ids import Level
from geo.plans.faults import Detail

LINES: dict[str, dict[Language, str]] = {
    "import.storing": {Language.ZH: "检查并存储", Language.EN: "checking and storing"},
    "import.checking": {Language.ZH: "检查", Language.EN: "checking"},
    "import.accepted": {
        Language.ZH: "试运行：可以导入，自 {since} 起生效。没有存储任何内容。",
        Language.EN: "A dry run: this would be accepted, in force from {since}. "
        "Nothing was stored.",
    },
    "import.stored": {
        Language.ZH: "已导入 {districts}，自 {since} 起生效；修复 {repairs} 处。",
        Language.EN: "Stored in {districts}, in force from {since}; {repairs} repairs.",
    },
    "gazetteer.accepted": {
        Language.ZH: "试运行：可以导入。没有存储任何内容。",
        Language.EN: "A dry run: this would be accepted. Nothing was stored.",
    },
    "gazetteer.nothing_new": {
        Language.ZH: "地名库中已有“{file}”的全部内容，没有变化。",
        Language.EN: "The gazetteer holds all of {file} already; nothing changes.",
    },
    "gazetteer.restored": {
        Language.ZH: "已恢复为第 {restored} 版的内容，作为第 {number} 版。",
        Language.EN: "As in version {restored} again, which is version {number} now.",
    },
    "gazetteer.stored": {
        Language.ZH: "{rows} 行，地名库第 {number} 版：新增 {added}，更改 {changed}。",
        Language.EN: "{rows} rows, version {number} of the gazetteer: {added} added, "
        "{changed} changed.",
    },
    "plan.reading": {Language.ZH: "读取并核对", Language.EN: "reading and fitting"},
    "plan.checking": {Language.ZH: "检查方案", Language.EN: "looking for problems"},
    "plan.mending": {Language.ZH: "修复", Language.EN: "mending"},
    "plan.accepted": {
        Language.ZH: "试运行：可以导入。没有存储任何内容。",
        Language.EN: "A dry run: this would be accepted. Nothing was stored.",
    },
    "plan.fitted": {
        Language.ZH: "读入 {read} 个网格；{kept} 个保持不变，{retired} 个停用，"
        "{issued} 个临时编码。",
        Language.EN: "{read} cells read; {kept} kept as they are, {retired} retired, "
        "{issued} provisional codes.",
    },
    "plan.mended": {
        Language.ZH: "修复 {count} 处，涉及 {size} 平方米。",
        Language.EN: "{count} problems mended, {size} square metres moved.",
    },
    "plan.left": {
        Language.ZH: "还有 {count} 处问题，可在规划页上查看和修复。",
        Language.EN: "{count} problems are left, to be seen and mended on the planner's page.",
    },
    "plan.sound": {Language.ZH: "没有问题。", Language.EN: "No problem is left."},
    "plan.drafted": {
        Language.ZH: "已存为草案“{name}”（{id}）。",
        Language.EN: "Stored as the draft {name} ({id}).",
    },
    "export.writing": {Language.ZH: "写入 {file}", Language.EN: "writing {file}"},
    "export.written": {
        Language.ZH: "{plan}：{layers} → {file}",
        Language.EN: "{plan}: {layers} → {file}",
    },
    "export.sidecar": {
        Language.ZH: "字段的中文名称：{file}",
        Language.EN: "Chinese names of the fields: {file}",
    },
}

LEVELS: dict[Level, dict[Language, str]] = {
    Level.DISTRICT: {Language.ZH: "区", Language.EN: "district"},
    Level.SUBDISTRICT: {Language.ZH: "街道", Language.EN: "subdistrict"},
    Level.COMMUNITY: {Language.ZH: "社区", Language.EN: "community"},
    Level.CELL: {Language.ZH: "网格", Language.EN: "cell"},
    Level.BUILDING_GROUP: {Language.ZH: "楼栋组", Language.EN: "building group"},
}

SUMMARY: dict[Language, tuple[str, str, str, str]] = {
    Language.ZH: ("内容", "数量", "编码", "修复"),
    Language.EN: ("what", "how many", "codes", "repairs"),
}

REPAIRS: dict[Language, tuple[str, str, str, str, str]] = {
    Language.ZH: ("图层", "要素", "修复", "面积 m²", "位置"),
    Language.EN: ("layer", "feature", "repair", "size m²", "where"),
}


PROBLEMS: dict[Language, tuple[str, str, str, str, str]] = {
    Language.ZH: ("问题", "区域", "面积 m²", "建议", "位置"),
    Language.EN: ("problem", "areas", "size m²", "proposed", "where"),
}
DETAILS: dict[Detail, dict[Language, str]] = {
    Detail.HOLE: {Language.ZH: "缝隙", Language.EN: "gap"},
    Detail.SHARED: {Language.ZH: "重叠", Language.EN: "overlap"},
    Detail.DUPLICATE: {Language.ZH: "重复的网格", Language.EN: "cell told twice"},
    Detail.CELL_IN_PARTS: {Language.ZH: "网格分成几块", Language.EN: "cell in parts"},
    Detail.AREA_IN_PARTS: {Language.ZH: "区域分成几块", Language.EN: "area in parts"},
    Detail.OUTSIDE: {Language.ZH: "超出区界", Language.EN: "outside the district"},
    Detail.NO_PARENT: {Language.ZH: "上级不存在", Language.EN: "no such parent"},
    Detail.NO_CELLS: {Language.ZH: "没有网格", Language.EN: "no cells"},
    Detail.BUILDING_ASTRAY: {Language.ZH: "楼栋归属有误", Language.EN: "building elsewhere"},
    Detail.BUILDING_HOMELESS: {Language.ZH: "楼栋无归属", Language.EN: "building in no cell"},
    Detail.BUILDING_TWICE: {Language.ZH: "楼栋归属重复", Language.EN: "building in several"},
    Detail.RING: {Language.ZH: "图形自相交", Language.EN: "ring that crosses itself"},
    Detail.UNMATCHED: {Language.ZH: "边界没有对齐", Language.EN: "borders do not meet"},
}
MENDS: dict[str, dict[Language, str]] = {
    "give_gap_to": {Language.ZH: "缝隙归 {code}", Language.EN: "gap to {code}"},
    "give_overlap_to": {Language.ZH: "重叠归 {code}", Language.EN: "overlap to {code}"},
    "drop_cell": {Language.ZH: "去掉 {code}", Language.EN: "drop {code}"},
    "drop_part_to": {Language.ZH: "小块归 {code}", Language.EN: "part to {code}"},
    "cut_off": {Language.ZH: "裁去 {code} 的区外部分", Language.EN: "cut it off {code}"},
    "make_valid": {Language.ZH: "修正图形", Language.EN: "make it valid"},
    "match_corners": {Language.ZH: "对齐边界", Language.EN: "match the corners"},
    "reassign_to": {Language.ZH: "划归 {code}", Language.EN: "reassign to {code}"},
    "declare_islands": {Language.ZH: "声明 {code} 含飞地", Language.EN: "declare islands"},
    "drop_area": {Language.ZH: "去掉 {code}", Language.EN: "drop {code}"},
    "house_in": {Language.ZH: "楼栋归 {code}", Language.EN: "house it in {code}"},
}


BAD_ROWS: dict[Language, tuple[str, str, str]] = {
    Language.ZH: ("行", "问题", "说明"),
    Language.EN: ("line", "what is wrong", "how to mend it"),
}
BAD_FEATURES: dict[Language, tuple[str, str, str]] = {
    Language.ZH: ("要素", "问题", "说明"),
    Language.EN: ("feature", "what is wrong", "how to mend it"),
}

VERSIONS: dict[Language, tuple[str, str, str, str, str]] = {
    Language.ZH: ("版本", "时间", "操作者", "来由", "新增 更改 停用"),
    Language.EN: ("version", "when", "who", "how", "added changed retired"),
}
VERSION_KINDS: dict[VersionKind, dict[Language, str]] = {
    VersionKind.INSTALL: {Language.ZH: "随区导入", Language.EN: "with the district"},
    VersionKind.PLAN: {Language.ZH: "随方案更名", Language.EN: "names of a plan"},
    VersionKind.IMPORT: {Language.ZH: "导入", Language.EN: "import"},
    VersionKind.EDIT: {Language.ZH: "修改", Language.EN: "edit"},
    VersionKind.RESTORE: {Language.ZH: "恢复", Language.EN: "gone back"},
}


def line(code: str, language: Language, **fields: object) -> str:
    """One line in the language of the terminal."""
    return LINES[code][language].format_map(fields)
