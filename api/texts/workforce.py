# SPDX-License-Identifier: Apache-2.0
"""Words of workers, their cells, duty and positions."""

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "assignment.cell_held": {
        "zh": ("网格已有负责人", "网格 {cell} 在该时段已有人担任此角色，请先结束原来的分配。"),
        "en": (
            "Cell is held",
            "Somebody else has this role in cell {cell} at that time; end that assignment first.",
        ),
    },
    "assignment.empty": {
        "zh": (
            "分配时段无效",
            "结束时间 {ends_at} 须晚于开始时间 {begins_at}，且只能提前不能推后。",
        ),
        "en": (
            "Empty assignment",
            "The end {ends_at} must come after the beginning {begins_at}, and only moves earlier.",
        ),
    },
    "assignment.not_found": {
        "zh": ("没有这项分配", "这名网格员没有编号为 {assignment} 的分配。"),
        "en": ("No such assignment", "This worker has no assignment {assignment}."),
    },
    "assignment.overlaps": {
        "zh": ("已分配到该网格", "这名网格员在该时段已分配到网格 {cell}。"),
        "en": ("Already assigned", "The worker is assigned to cell {cell} in that time already."),
    },
    "duty.in_future": {
        "zh": ("时间在将来", "不能提前设置值班状态：{at} 晚于现在 {now}。"),
        "en": ("In the future", "Duty cannot be set ahead: {at} is later than now, {now}."),
    },
    "duty.time_far": {
        "zh": (
            "时间相差过大",
            "本人只能设置前后 {minutes} 分钟内的值班状态（现在 {now}）；更早的请由主管更正。",
        ),
        "en": (
            "Too far from now",
            "You may set your duty within {minutes} minutes of now ({now}); a supervisor corrects"
            " the past.",
        ),
    },
    "worker.left": {
        "zh": ("该网格员已离任", "网格员 {worker} 已离任，不能再分配网格或上岗。"),
        "en": ("Worker has left", "Worker {worker} has left: no cells and no duty any more."),
    },
}
