# SPDX-License-Identifier: Apache-2.0
"""Words of files brought in and taken out."""

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "import.field_missing": {
        "zh": (
            "缺少字段",
            "图层“{layer}”没有字段“{field}”。现有字段：{fields}。请用 --map {field}=字段名 指明。",
        ),
        "en": (
            "Field missing",
            "Layer “{layer}” has no field “{field}”. It has: {fields}. "
            "Name the right one with --map {field}=NAME.",
        ),
    },
    "import.layer_missing": {
        "zh": (
            "缺少图层",
            "文件夹“{folder}”中没有图层“{layer}”（{layer}.shp），该图层必不可少。",
        ),
        "en": (
            "Layer missing",
            "The folder “{folder}” has no layer “{layer}” ({layer}.shp), which is needed.",
        ),
    },
    "import.not_readable": {
        "zh": ("文件无法读取", "“{file}”无法读取：{reason}"),
        "en": ("File not readable", "“{file}” cannot be read: {reason}"),
    },
    "import.value_bad": {
        "zh": (
            "数值有误",
            "图层“{layer}”第 {feature} 个要素的“{field}”不可用：“{value}”。请在原文件中改正。",
        ),
        "en": (
            "Bad value",
            "Feature {feature} of layer “{layer}” has an unusable “{field}”: “{value}”. "
            "Mend it in the file.",
        ),
    },
}
