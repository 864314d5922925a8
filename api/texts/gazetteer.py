# SPDX-License-Identifier: Apache-2.0
"""Words of the gazetteer: its places, its versions, and the rows that it is filled from."""

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "gazetteer.nothing_new": {
        "zh": ("没有变化", "地名库与第 {version} 版相同，无需恢复。"),
        "en": ("Nothing changes", "The gazetteer is as it was in version {version} already."),
    },
    "gazetteer.version_not_found": {
        "zh": ("没有这个版本", "地名库没有第 {version} 版。"),
        "en": ("No such version", "The gazetteer has no version {version}."),
    },
    "import.rows_bad": {
        "zh": (
            "有的行不能导入",
            "“{file}”共 {total} 行，其中 {count} 行有误，未导入任何内容。"
            "请按上表逐行改正，或用 --skip-bad 跳过这些行。",
        ),
        "en": (
            "Bad rows",
            "{count} of the {total} rows of “{file}” are bad, so nothing came in. Mend them as the "
            "table says, or leave them out with --skip-bad.",
        ),
    },
    "place.house_incomplete": {
        "zh": (
            "门牌不完整",
            "门牌号“{number}”不可用：只有楼栋有门牌号，须为数字（如 10、10-3），"
            "并注明所在街路或小区。",
        ),
        "en": (
            "Incomplete house number",
            "The number “{number}” cannot be used: only a building has one, in digits (10, 10-3), "
            "with the street or the estate that it belongs to.",
        ),
    },
    "place.name_absent": {
        "zh": ("没有这个别名", "该地名没有别名或误写“{name}”；正式名称请用改名。"),
        "en": (
            "No such name",
            "The place has no alias or misspelling “{name}”; its own name is changed instead.",
        ),
    },
    "place.name_unusable": {
        "zh": ("名称不可用", "“{name}”不能作为名称：须含文字或数字，最长 {longest} 字。"),
        "en": (
            "Unusable name",
            "“{name}” cannot be a name: it needs a letter or digit, and {longest} characters at "
            "most.",
        ),
    },
    "place.not_found": {
        "zh": ("没有这个地名", "没有地名 {place}，或已停用，或不在您的管辖范围内。"),
        "en": (
            "No such place",
            "There is no place {place}, or it was retired, or it is outside your area.",
        ),
    },
    "place.of_plan": {
        "zh": (
            "由方案确定",
            "“{place}”的名称和位置由网格方案确定，请在方案中修改；这里可以增加别名。",
        ),
        "en": (
            "Given by the plan",
            "Name and place of “{place}” come from the plan and are changed there; aliases can be "
            "added here.",
        ),
    },
    "place.outside": {
        "zh": ("不在本区范围内", "位置（{lon}, {lat}）不在任何网格内，请检查坐标系和经纬度顺序。"),
        "en": (
            "Outside the district",
            "The point ({lon}, {lat}) lies in no cell; check its system and the order of its axes.",
        ),
    },
    "repair.home_made": {
        "zh": ("补充街路或小区", "{count} 个街路、小区只有门牌而无记录，已按门牌位置补充"),
        "en": (
            "streets and estates added",
            "{count} streets and estates known by their houses alone were added",
        ),
    },
    "repair.kind_made_out": {
        "zh": ("判断类型", "{count} 行的类型不认识，按其内容判断"),
        "en": ("kind made out", "the kind of {count} rows was made out from what they hold"),
    },
    "repair.number_made_out": {
        "zh": ("识别门牌号", "{count} 行的门牌号由文字识别为数字"),
        "en": ("number made out", "the house number of {count} rows was made out of its text"),
    },
    "repair.row_blank": {
        "zh": ("跳过空行", "跳过 {count} 个空行"),
        "en": ("blank rows left out", "{count} blank rows left out"),
    },
    "repair.row_left_out": {
        "zh": ("跳过有误的行", "跳过 {count} 个有误的行"),
        "en": ("bad rows left out", "{count} bad rows left out"),
    },
    "repair.same_place": {
        "zh": ("合并重复行", "{count} 行与前面的行是同一地点，已合并"),
        "en": ("doubled rows joined", "{count} rows joined with the same place above them"),
    },
    "row.abroad": {
        "zh": ("不在中国境内", "坐标（{x}, {y}）不在中国境内。请改正坐标，或用 --crs 指明坐标系。"),
        "en": (
            "Outside China",
            "The coordinate ({x}, {y}) lies outside China. Correct it, or say its system with "
            "--crs.",
        ),
    },
    "row.far": {
        "zh": (
            "远离本区",
            "位置（{lon}, {lat}）距{district} {km} 公里。请改正坐标，或删除不属于本区的行。",
        ),
        "en": (
            "Far from the district",
            "The place ({lon}, {lat}) lies {km} km from {district}. Correct the coordinate, or "
            "take the row out if it belongs elsewhere.",
        ),
    },
    "row.geometry_wrong": {
        "zh": (
            "图形类型不对",
            "{kind} 的图形是 {found}；只有街路可以是线，图形不能混合。请改为点或面。",
        ),
        "en": (
            "Wrong geometry",
            "A {kind} is drawn as a {found}; only streets are lines, and nothing is a mixture. "
            "Make it a point or an area.",
        ),
    },
    "row.house_homeless": {
        "zh": ("门牌没有街路", "门牌号“{number}”没有街路，也没有小区。请填写其中之一。"),
        "en": (
            "Number without a street",
            "The number “{number}” has neither a street nor an estate. Fill in one of them.",
        ),
    },
    "row.line_without_length": {
        "zh": (
            "线没有长度",
            "街路的线（或其中一段）起点与终点重合，没有长度。请改正，或删除该段。",
        ),
        "en": (
            "Line without length",
            "The street's line, or a part of it, stays on one spot. Draw it anew, or take that "
            "part out.",
        ),
    },
    "row.name_unusable": {
        "zh": ("名称不可用", "“{name}…”不能作为名称：须含文字或数字，最长 {longest} 字。请改正。"),
        "en": (
            "Unusable name",
            "“{name}…” cannot be a name: it needs a letter or digit, and {longest} characters at "
            "most. Correct it.",
        ),
    },
    "row.nameless": {
        "zh": ("没有名称", "该行既无名称，也无门牌号。请填写，或删除该行。"),
        "en": (
            "Nameless",
            "The row has neither a name nor a house number. Fill one in, or take the row out.",
        ),
    },
    "row.no_place": {
        "zh": ("没有坐标", "“{value}”不是坐标。请填写经度和纬度（数字，如 123.7654321）。"),
        "en": (
            "No coordinate",
            "“{value}” is no coordinate. Fill in longitude and latitude as numbers, as in "
            "123.7654321.",
        ),
    },
    "row.number_bad": {
        "zh": ("门牌号不可用", "“{number}”不是门牌号。请写成 10、10-3 或 十号 的形式。"),
        "en": (
            "No house number",
            "“{number}” is no house number. Write it as 10, 10-3 or 十号.",
        ),
    },
    "row.swapped": {
        "zh": ("经纬度颠倒", "坐标（{x}, {y}）的经度和纬度颠倒。请对调，或用 --map 指明字段。"),
        "en": (
            "Axes exchanged",
            "Longitude and latitude of ({x}, {y}) have changed places. Exchange them, or name the "
            "fields with --map.",
        ),
    },
    "row.too_wide": {
        "zh": ("列数过多", "该行多于表头的 {columns} 列。含逗号的内容请用英文双引号括起。"),
        "en": (
            "Too many cells",
            "The row has more cells than the {columns} columns. Put texts that hold the separator "
            "in quotation marks.",
        ),
    },
}
