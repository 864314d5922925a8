# SPDX-License-Identifier: Apache-2.0
"""Lines that `wangge import`, `export` and `gazetteer` say at the terminal."""

from api.texts import Language
from geo.gazetteer.entries import VersionKind
from geo.ids import Level

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
