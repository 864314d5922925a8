# SPDX-License-Identifier: Apache-2.0
"""Words of files brought in and taken out, and of what was repaired in them."""

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "export.directory_absent": {
        "zh": ("没有这个目录", "“{file}”所在的目录“{directory}”不存在。请先建立该目录。"),
        "en": (
            "No such directory",
            "The directory “{directory}”, where “{file}” should go, is not there. Make it first.",
        ),
    },
    "export.exists": {
        "zh": ("文件已存在", "“{file}”已经存在。请换一个名称，或先将其移走。"),
        "en": ("Already there", "“{file}” exists. Choose another name, or move it away first."),
    },
    "export.text_unfit": {
        "zh": (
            "文本放不下",
            "图层“{layer}”中的文本“{text}…”在“{format}”中会被截断。请改用 --format gpkg。",
        ),
        "en": (
            "Text does not fit",
            "A text of layer “{layer}”, “{text}…”, would be cut or torn by “{format}”. "
            "Use --format gpkg.",
        ),
    },
    "import.archive_unsafe": {
        "zh": (
            "压缩包不安全",
            "“{file}”未解压：{reason}，成员“{member}”"
            "（climbs 越出目录；link 链接；twice 重名；bomb 解压后过大）。请重新打包图层文件。",
        ),
        "en": (
            "Unsafe archive",
            "“{file}” was not unpacked: {reason}, member “{member}” (climbs: leaves its folder; "
            "link: a link; twice: a name twice; bomb: unpacks to far too much). "
            "Pack the files of the layer afresh.",
        ),
    },
    "import.cells_piled": {
        "zh": (
            "网格层层重叠",
            "图层“{layer}”中的网格层层相叠，或支离破碎，看不出是哪一份方案。"
            "请检查是否把几份方案放进了一个文件。",
        ),
        "en": (
            "Cells in a heap",
            "The cells of layer “{layer}” lie upon each other by the heap, or are in shreds: no "
            "plan can be seen. Perhaps several plans are in one file.",
        ),
    },
    "import.codes_repeated": {
        "zh": (
            "代码大量重复",
            "图层“{layer}”中 {features} 个要素只有 {codes} 个不同的代码。"
            "代码可能被截短，或所选字段不是15位网格代码。请修正该字段，或去掉它再导入。",
        ),
        "en": (
            "Codes said over and over",
            "The {features} features of layer “{layer}” have {codes} different codes."
            " Perhaps they were cut off, or the field is not that of the 15-digit codes. Mend the"
            " field, or leave it out.",
        ),
    },
    "import.code_unknown": {
        "zh": (
            "不知道区划代码",
            "图层“{layer}”中的“{name}”没有代码。现有字段：{fields}。请用 --map code=字段名 指明。",
        ),
        "en": (
            "Code unknown",
            "“{name}” of layer “{layer}” has no code. The fields are: {fields}. "
            "Name the one with --map code=NAME.",
        ),
    },
    "import.crs_contradicted": {
        "zh": (
            "坐标与坐标系不符",
            "图层“{layer}”声明为 {crs}，但坐标（{x}, {y}）不可能属于它。可能应为 {better}，"
            "请指明坐标系（命令行 --crs）。",
        ),
        "en": (
            "Coordinates contradict their system",
            "Layer “{layer}” says {crs}, but a coordinate ({x}, {y}) cannot be of it. "
            "Perhaps it is {better}: say so (on the command line with --crs).",
        ),
    },
    "import.crs_no_datum_shift": {
        "zh": (
            "没有公开的坐标转换参数",
            "图层“{layer}”采用 {crs}。西安 80 与北京 54 到 CGCS2000 的转换参数不公开，"
            "近似转换会偏差数十米。请由测绘部门转换为 CGCS2000（如 EPSG:4490、EPSG:4550）"
            "后再导入。",
        ),
        "en": (
            "No open datum shift",
            "Layer “{layer}” is in {crs}. The parameters from Xian 1980 and Beijing 1954 to "
            "CGCS2000 are not public, and a guess is wrong by tens of metres. Have the surveying "
            "office convert it to CGCS2000 (EPSG:4490 or EPSG:4550, say) and import that.",
        ),
    },
    "import.crs_unknown": {
        "zh": (
            "不知道是哪个投影带",
            "图层“{layer}”是投影坐标（例如 {x}, {y}），但没有 .prj，也没有带号。"
            "请指明坐标系（命令行 --crs），例如：{options}。",
        ),
        "en": (
            "Zone unknown",
            "Layer “{layer}” has projected coordinates ({x}, {y}) with neither a .prj nor a zone "
            "number. Say which (on the command line with --crs). The middle would lie at: "
            "{options}.",
        ),
    },
    "import.crs_unsupported": {
        "zh": (
            "不支持的坐标系",
            "图层“{layer}”的坐标系“{crs}”不受支持。请转换为 CGCS2000 或 WGS-84，"
            "或指明它实际的坐标系（命令行 --crs）。",
        ),
        "en": (
            "Unsupported coordinate system",
            "Layer “{layer}” is in “{crs}”, which is not supported. Convert it to CGCS2000 or "
            "WGS-84, or say what it really is (on the command line with --crs).",
        ),
    },
    "import.district_unnamed": {
        "zh": (
            "不知道属于哪个区",
            "要导入到哪个区？文件中为：{meant}；已有：{known}。请用 --district 代码 指明，"
            "或先导入该区（--level district）。",
        ),
        "en": (
            "Which district?",
            "Into which district? The file says: {meant}; loaded: {known}. Say which with "
            "--district CODE, or bring it in first (--level district).",
        ),
    },
    "import.encoding_wrong": {
        "zh": (
            "文字编码不对",
            "“{file}”的文字不能按 {tried} 解码（文件声明：{said}）。"
            "请指明文字编码（命令行 --encoding）。",
        ),
        "en": (
            "Wrong encoding",
            "The texts of “{file}” cannot be decoded as {tried} (it says: {said}). "
            "Name the right one (on the command line with --encoding).",
        ),
    },
    "import.field_missing": {
        "zh": (
            "缺少字段",
            "图层“{layer}”没有字段“{field}”。现有字段：{fields}。"
            "请用 --map 指明，例如 --map name=字段名。",
        ),
        "en": (
            "Field missing",
            "Layer “{layer}” has no field “{field}”. It has: {fields}. "
            "Name the right one with --map, as in --map name=FIELD.",
        ),
    },
    "import.file_absent": {
        "zh": ("没有这个文件", "没有名为“{file}”的文件或文件夹。请检查路径。"),
        "en": ("No such file", "There is no file or folder “{file}”. Check the path."),
    },
    "import.file_forbidden": {
        "zh": ("没有读取权限", "“{file}”不允许读取。请更改其权限，或换一个用户执行。"),
        "en": (
            "No permission",
            "“{file}” may not be read. Change its permissions, or run as another user.",
        ),
    },
    "import.format_untrue": {
        "zh": ("与文件名不符", "“{file}”不是 {format}。请检查文件名和导出方式。"),
        "en": ("Not what its name says", "“{file}” is no {format}. Check its name and its origin."),
    },
    "import.no_layer": {
        "zh": (
            "没有图层",
            "“{file}”中没有任何图层：需要 .shp（连同 .shx、.dbf）、.gpkg 或 .geojson 文件。",
        ),
        "en": (
            "No layer",
            "“{file}” holds no layer: a .shp (with .shx and .dbf), .gpkg or .geojson file is "
            "needed.",
        ),
    },
    "import.format_unknown": {
        "zh": (
            "不认识的文件格式",
            "“{file}”不是可用的格式：支持 Shapefile（.shp 或 .zip）、GeoPackage（.gpkg）、"
            "GeoJSON（.geojson），多个图层请用 .zip 或 .gpkg。",
        ),
        "en": (
            "Unknown format",
            "“{file}” is of no usable format: a Shapefile (.shp or .zip), a GeoPackage (.gpkg) or "
            "GeoJSON (.geojson); for several layers a .zip or a .gpkg.",
        ),
    },
    "import.geometry_wrong": {
        "zh": (
            "图形类型不对",
            "图层“{layer}”第 {feature} 个要素的图形是“{found}”，应为“{wanted}”。请在原文件中改正。",
        ),
        "en": (
            "Wrong geometry",
            "Feature {feature} of layer “{layer}” is “{found}” where “{wanted}” is needed. "
            "Mend it in the file.",
        ),
    },
    "import.layer_ambiguous": {
        "zh": (
            "不知道是哪一层",
            "“{file}”中有图层：{layers}。请用 --level 指明层级，或只保留一个图层。",
        ),
        "en": (
            "Which level?",
            "“{file}” holds: {layers}. Say what the areas are with --level, or leave one layer.",
        ),
    },
    "import.layer_empty": {
        "zh": ("图层为空", "“{layer}”中没有任何要素。"),
        "en": ("Empty layer", "“{layer}” has no feature."),
    },
    "import.layer_missing": {
        "zh": ("缺少图层", "“{folder}”中没有图层“{layer}”，该图层必不可少。"),
        "en": ("Layer missing", "“{folder}” has no layer “{layer}”, which is needed."),
    },
    "import.not_readable": {
        "zh": ("文件无法读取", "“{file}”无法读取：{reason}"),
        "en": ("File not readable", "“{file}” cannot be read: {reason}"),
    },
    "import.parent_level_missing": {
        "zh": (
            "缺少上一级",
            "区 {district} 的现行方案没有“{wanted}”一级，不能导入“{level}”。请先导入上一级。",
        ),
        "en": (
            "Level above missing",
            "The plan in force of district {district} has no {wanted}, so no {level} can go in. "
            "Bring in the level above first.",
        ),
    },
    "import.parent_missing": {
        "zh": (
            "不在上级范围内",
            "图层“{layer}”第 {feature} 个要素“{label}”不在其上级区域内（经度 {lon}，纬度 {lat}）。"
            "请检查代码和边界。",
        ),
        "en": (
            "Outside its parent",
            "Feature {feature} “{label}” of layer “{layer}” does not lie in the area above it "
            "(lon {lon}, lat {lat}). Check its code and its border.",
        ),
    },
    "import.part_missing": {
        "zh": ("Shapefile 不完整", "“{file}”缺少“{part}”。请连同 .shx、.dbf 一起提供。"),
        "en": (
            "Incomplete shapefile",
            "“{file}” lacks “{part}”. Hand it over together with its .shx and .dbf.",
        ),
    },
    "import.place_implausible": {
        "zh": (
            "坐标不合理",
            "图层“{layer}”第 {feature} 个要素的坐标（{x}, {y}）不可用：{reason}"
            "（not_finite 不是数；swapped 经纬度颠倒；abroad 不在中国境内）。"
            "请检查原文件，或指明它的坐标系（命令行 --crs）。",
        ),
        "en": (
            "Implausible place",
            "Feature {feature} of layer “{layer}” has an unusable coordinate ({x}, {y}): {reason} "
            "(not_finite: no number; swapped: axes exchanged; abroad: outside China). "
            "Check the file, or name its system (on the command line with --crs).",
        ),
    },
    "import.too_large": {
        "zh": ("文件过大", "“{file}”有 {size} {unit}，上限为 {limit}。请拆分或简化后再导入。"),
        "en": (
            "Too large",
            "“{file}” has {size} {unit}; the limit is {limit}. Split or simplify it.",
        ),
    },
    "import.truncated": {
        "zh": ("文件不完整", "“{file}”只有 {size}，应为 {expected}。文件被截断，请重新复制。"),
        "en": (
            "File cut short",
            "“{file}” has {size} where {expected} are due: it was cut short. Copy it again.",
        ),
    },
    "import.unrepairable": {
        "zh": (
            "无法自动修复",
            "图层“{layer}”的“{label}”存在无法自动修复的问题：{kind}，面积 {size_m2} 平方米，"
            "位于经度 {lon}、纬度 {lat}（gap 缝隙；overlap 重叠；spill 越界；invalid 图形无效；"
            "edge 边界不吻合）。请在原文件中改正，或放宽 --tolerance。",
        ),
        "en": (
            "Beyond repair",
            "“{label}” of layer “{layer}” has a fault that no rule may mend: {kind} of "
            "{size_m2} m² at lon {lon}, lat {lat} (gap; overlap; spill: beyond its parent; "
            "invalid: no polygon; edge: borders that do not meet). Mend it in the file, "
            "or widen --tolerance.",
        ),
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
    "plan.level_present": {
        "zh": (
            "该级已有区域",
            "区 {district} 的现行方案“{plan}”已有“{level}”一级。修改现行区域请另拟方案。",
        ),
        "en": (
            "Level is there already",
            "The plan in force “{plan}” of district {district} has its {level} areas already. "
            "Changing them is done by drawing a new plan.",
        ),
    },
    "repair.area_made": {
        "zh": ("新建上级区域", "文件中的上级区域原方案没有，已新建"),
        "en": ("area above made", "the plan lacked this area; it was made"),
    },
    "repair.area_renamed": {
        "zh": ("上级区域改名", "按文件改名"),
        "en": ("area renamed", "named as in the file"),
    },
    "repair.cells_kept": {
        "zh": ("保留未提及的网格", "文件没有提到的 {count} 个网格保持不变"),
        "en": ("cells kept", "{count} cells that the file does not name stay as they are"),
    },
    "repair.cells_retired": {
        "zh": ("停用被取代的网格", "{count} 个网格的土地已归其他网格，停用"),
        "en": ("cells retired", "{count} cells whose land other cells have now are gone"),
    },
    "repair.code_issued": {
        "zh": ("给予临时编码", "编码缺失、未知或换了社区，给予临时编码"),
        "en": (
            "code given",
            "no code, an unknown one or another community: a provisional code was given",
        ),
    },
    "repair.community_by_place": {
        "zh": ("按位置归属社区", "文件没有说明社区，按所在位置归属"),
        "en": (
            "community by place",
            "the file does not say: the community that most of it lies in",
        ),
    },
    "repair.doubled_vertex": {
        "zh": ("删除重复顶点", "删除 {count} 个重复顶点"),
        "en": ("doubled vertices removed", "{count} doubled vertices removed"),
    },
    "repair.edge": {
        "zh": ("上级边界取下级之并", "边界改为下级区域之并"),
        "en": ("border made the union of its parts", "border made the union of its parts"),
    },
    "repair.gap": {
        "zh": ("填补缝隙", "缝隙并入相邻区域"),
        "en": ("gap closed", "gap given to a neighbour"),
    },
    "repair.grid": {
        "zh": ("坐标取整", "{count} 个顶点取整到 1e-7 度（不到 1 厘米）"),
        "en": ("rounded", "{count} vertices rounded to 1e-7 degree (under a centimetre)"),
    },
    "repair.invalid": {
        "zh": ("修复无效图形", "图形自相交等，已修复"),
        "en": ("invalid polygon mended", "self-crossing or the like, made valid"),
    },
    "repair.lineage_by_place": {
        "zh": ("按位置认定沿革", "按所占土地认定由哪些网格而来"),
        "en": ("descent by place", "the cells whose land it has"),
    },
    "repair.matched": {
        "zh": ("公共边对齐", "{count} 个区域的公共边已对齐"),
        "en": ("borders matched", "shared borders matched in {count} areas"),
    },
    "repair.orientation": {
        "zh": ("纠正环的方向", "环的方向已纠正"),
        "en": ("ring turned", "direction of its rings corrected"),
    },
    "repair.overlap": {
        "zh": ("消除重叠", "重叠部分归一方"),
        "en": ("overlap removed", "overlap given to one side"),
    },
    "repair.parts_joined": {
        "zh": ("合并同编码要素", "同一编码的几个要素合为一个网格"),
        "en": ("parts joined", "features of one code made one cell"),
    },
    "repair.told_twice": {
        "zh": ("编码重复", "同一编码出现两次且图形重叠，两个都保留，待检查"),
        "en": ("code doubled", "two features of one code overlap; both are kept to be checked"),
    },
}
