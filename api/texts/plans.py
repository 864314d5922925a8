# SPDX-License-Identifier: Apache-2.0
"""Words of plans: drafts, edits, publishing."""

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "handover.task_not_found": {
        "zh": ("没有该交接事项", "该方案没有交接事项 {task}。"),
        "en": ("No such task", "The plan has no hand-over task {task}."),
    },
    "job.abandoned": {
        "zh": ("任务中断", "任务中断了 {tries} 次，已放弃。请缩小范围后重试。"),
        "en": ("Job abandoned", "The job broke off {tries} times; try a smaller area."),
    },
    "job.ended": {
        "zh": ("任务已结束", "任务 {job} 已结束（{state}）。"),
        "en": ("Job ended", "The job {job} has ended already ({state})."),
    },
    "job.file_not_found": {
        "zh": (
            "没有文件",
            "任务 {job} 没有生成文件、尚未完成，或文件已过期（保留一天），请重新生成。",
        ),
        "en": (
            "No file",
            "The job {job} made no file, has not ended, or its file has expired (kept for a day):"
            " ask for it again.",
        ),
    },
    "job.not_found": {
        "zh": ("没有该任务", "没有任务 {job}。"),
        "en": ("No such job", "There is no job {job}."),
    },
    "plan.all_locked": {
        "zh": ("网格均已锁定", "{area} 的网格都已锁定，没有可以重新划分的。请先解锁。"),
        "en": ("All locked", "Every cell of {area} is locked; unlock those to be drawn anew."),
    },
    "plan.area_unknown": {
        "zh": ("草案中没有该区域", "草案中没有编码为 {area} 的区域，请刷新后重试。"),
        "en": ("No such area", "The draft has no area {area}; reload it and try again."),
    },
    "plan.being_edited": {
        "zh": (
            "草案正被修改",
            "他人对这份草案的一次修改仍在计算，您的操作没有执行。请过 {retry_after_s} 秒再试。",
        ),
        "en": (
            "The draft is being edited",
            "Somebody else's edit of this draft is still being worked out; nothing of yours was"
            " done. Try again in {retry_after_s} s.",
        ),
    },
    "plan.base_moved": {
        "zh": (
            "依据的方案已更换",
            "{begins_on} 当天生效的是“{name}”，不是本草案所依据的方案。"
            "请以“{name}”为依据另建草案。",
        ),
        "en": (
            "Its base has moved",
            "On {begins_on} {name} is in force, not the plan this draft was drawn from. Begin a"
            " draft that is based on {name}.",
        ),
    },
    "plan.cell_locked": {
        "zh": ("网格已锁定", "网格 {cells} 已在本草案中锁定，请先解锁。"),
        "en": ("Cell locked", "Cells {cells} are locked in this draft; unlock them first."),
    },
    "plan.codes_used_up": {
        "zh": ("编码用尽", "{area} 之下的编码已用到 999，无法再编号。"),
        "en": ("Codes used up", "Below {area} number 999 has been given; none is left."),
    },
    "plan.date_too_early": {
        "zh": ("生效日期过早", "方案最早自明天起生效：今天是 {today}，所选日期为 {begins_on}。"),
        "en": (
            "Too early a date",
            "A plan begins tomorrow at the earliest: today is {today}, the date was {begins_on}.",
        ),
    },
    "plan.does_not_cut": {
        "zh": (
            "线没有把网格一分为二",
            "所画的线应从网格一侧边界外画到另一侧边界外，恰好穿过一次，把网格分成两块。",
        ),
        "en": (
            "The line does not cut",
            "Draw the line from outside the cell across it to the other side, once, so that it"
            " leaves two pieces.",
        ),
    },
    "plan.drawing_not_found": {
        "zh": ("没有该结果", "自动划分任务 {job} 没有第 {number} 个结果。"),
        "en": ("No such answer", "The drawing job {job} has no answer {number}."),
    },
    "plan.edit_refused": {
        "zh": ("无法修改", "此修改与草案现状冲突，请刷新后重试。"),
        "en": ("Edit refused", "The edit contradicts the draft as it stands; reload it."),
    },
    "plan.needs_hand": {
        "zh": ("需要人工处理", "区域 {areas} 的这个问题没有建议的修复办法，请手工修改。"),
        "en": ("For a person to mend", "No repair is proposed for this fault of {areas}."),
    },
    "plan.no_base": {
        "zh": ("没有对照的方案", "“{plan}”不是在此绘制的，没有可对照的前一方案。"),
        "en": ("Nothing to compare with", "{plan} was not drawn here: there is none it changes."),
    },
    "plan.not_a_draft": {
        "zh": ("不是草案", "该方案状态为 {status}，不能再修改。请以现行方案为依据新建草案。"),
        "en": (
            "Not a draft",
            "The plan is {status} and can no longer be changed. Begin a draft based on the plan in"
            " force.",
        ),
    },
    "plan.not_found": {
        "zh": ("没有这个方案", "本区没有方案 {plan}。"),
        "en": ("No such plan", "The district has no plan {plan}."),
    },
    "plan.not_neighbours": {
        "zh": ("网格不相邻", "网格 {cells} 没有共同的边界。"),
        "en": ("Not neighbours", "Cells {cells} have no border in common."),
    },
    "plan.not_one_sheet": {
        "zh": (
            "请按任务生成",
            "这里只直接给出一个社区的网格图，{area} 不是社区。请用 POST 请求生成，完成后下载。",
        ),
        "en": (
            "A job draws these",
            "One community's sheet is answered at once, and {area} is none: POST the same address"
            " with it, and fetch the job's file when it is done.",
        ),
    },
    "plan.not_one_community": {
        "zh": ("不在同一社区", "网格 {cells} 不属于同一社区，请先调整隶属关系。"),
        "en": (
            "Not of one community",
            "Cells {cells} are of several communities; reassign them first.",
        ),
    },
    "plan.nothing_moves": {
        "zh": ("没有变化", "所画区域已属于该网格，或不含任何土地。"),
        "en": ("Nothing moves", "The area is the cell's own already, or holds no land."),
    },
    "plan.followed": {
        "zh": (
            "后面已有方案",
            "“{name}”已定于 {begins_on} 起生效，接在这份方案之后。请先撤回“{name}”。",
        ),
        "en": (
            "Another plan follows",
            "“{name}” is published from {begins_on} and follows this one. Take it back first.",
        ),
    },
    "plan.nothing_to_roll_back": {
        "zh": ("无法撤回", "方案状态为 {status}，或其有效期已结束，无法撤回。"),
        "en": ("Nothing to roll back", "The plan is {status}, or its time is over."),
    },
    "plan.nothing_to_undo": {
        "zh": ("没有可撤销的步骤", "草案中没有可撤销或可重做的步骤。"),
        "en": ("Nothing to undo", "The draft has no step left to undo or to redo."),
    },
    "plan.problems_remain": {
        "zh": ("仍有问题未解决", "方案还有 {count} 处问题（缝隙、重叠等），解决后才能发布。"),
        "en": (
            "Problems remain",
            "The plan has {count} problems, gaps or overlaps or the like; mend them, then publish.",
        ),
    },
    "plan.repair_unknown": {
        "zh": ("没有这个问题", "草案中没有（或已不再有）编号为 {problem} 的问题，请重新检查。"),
        "en": ("No such problem", "The draft has no problem {problem} (any more); check it again."),
    },
    "plan.revision_required": {
        "zh": ("缺少版本号", "修改草案时须以 If-Match 写明所依据的版本号（取自 ETag）。"),
        "en": (
            "Revision required",
            "An edit must name the revision it was decided on in If-Match, as the ETag gave it.",
        ),
    },
    "plan.revision_weak": {
        "zh": (
            "版本号为弱标签",
            "If-Match 须用强标签，{if_match} 是弱标签（W/），不能确认所依据的版本。请原样发送 ETag"
            "；若是中间的代理改成了弱标签，请去掉 W/。",
        ),
        "en": (
            "Weak revision",
            "If-Match compares strongly, and {if_match} is a weak tag (W/): it matches no revision."
            " Send the ETag as it was given; where a proxy has made it weak, leave W/ out.",
        ),
    },
    "plan.revision_stale": {
        "zh": (
            "草案已被他人修改",
            "您依据的是第 {yours} 版，现在是第 {revision} 版。请查看变更后重新修改。",
        ),
        "en": (
            "Somebody went on drawing",
            "You decided on revision {yours}; it is {revision} now. Look at what changed and"
            " draw again.",
        ),
    },
    "plan.shape_wrong": {
        "zh": ("图形不可用", "{field} 应为 {wanted}，实际为：{found}。请重新绘制。"),
        "en": ("Shape unusable", "{field} must be a {wanted}, but is: {found}. Draw it again."),
    },
    "plan.too_few_cells": {
        "zh": (
            "网格数太少",
            "{area} 要划成 {cells} 个网格，至少需要 {at_least} 个："
            "每个社区的每一块至少一个，另加已锁定的。",
        ),
        "en": (
            "Too few cells",
            "{cells} cells were asked for {area}; {at_least} are the least: one for each part of"
            " each community, and the locked ones.",
        ),
    },
    "plan.too_many_cells": {
        "zh": ("网格数太多", "{area} 要划成 {cells} 个网格，按其楼栋最多划 {at_most} 个。"),
        "en": (
            "Too many cells",
            "{cells} cells were asked for {area}; its buildings make {at_most} at most.",
        ),
    },
    "plan.too_narrow": {
        "zh": ("此处过窄", "所画的线经过的土地过窄，无法划分。请移开一些再画。"),
        "en": ("Too narrow", "The line runs through land too narrow to divide; draw it elsewhere."),
    },
    "plan.unrepaired": {
        "zh": ("此处有待修复的问题", "网格 {cells} 附近有缝隙或重叠，请先修复再修改。"),
        "en": ("Repair first", "Near cells {cells} are gaps or overlaps; repair them, then edit."),
    },
    "plan.would_part": {
        "zh": ("网格会被分成几块", "修改后网格 {cell} 会分成几块，面积（平方米）：{parts_m2}。"),
        "en": (
            "A cell would fall apart",
            "Cell {cell} would lie in several parts of {parts_m2} square metres.",
        ),
    },
    "plan.would_part_area": {
        "zh": (
            "社区或街道会被分成几块",
            "修改后{name}会分成几块，面积（平方米）：{parts_m2}。如确有飞地，请先声明允许飞地。",
        ),
        "en": (
            "An area would fall apart",
            "{name} would lie in several parts of {parts_m2} square metres. If it is to"
            " have islands, declare that first.",
        ),
    },
    "plan.would_vanish": {
        "zh": ("网格会消失", "网格 {cells} 会失去全部土地。要去掉一个网格，请用合并。"),
        "en": ("A cell would vanish", "Cells {cells} would lose all their land; merge them."),
    },
}
