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
    "clock.ahead": {
        "zh": ("手机时间超前", "定位时间比服务器时间超前 120 秒以上，请校准手机时间。"),
        "en": ("Clock ahead", "The fix lies more than 120 s ahead of our clock; set the phone's."),
    },
    "duty.in_future": {
        "zh": ("时间在将来", "不能提前设置值班状态：{at} 晚于现在 {now}。"),
        "en": ("In the future", "Duty cannot be set ahead: {at} is later than now, {now}."),
    },
    "duty.off": {
        "zh": ("不在岗", "定位时不在值班时间内：请先上岗再打卡；如果当时在岗，请主管更正。"),
        "en": (
            "Off duty",
            "The worker was off duty when it was observed: begin duty first; if he was on duty, a"
            " supervisor corrects it.",
        ),
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
    "fix.far_from_district": {
        "zh": ("位置远离本区", "定位点远离本区，请检查坐标系和经纬度顺序。"),
        "en": (
            "Far from the district",
            "The fix lies far from the district; check the coordinate system and the axis order.",
        ),
    },
    "fix.too_old": {
        "zh": ("定位过旧", "定位时间距今超过 72 小时。"),
        "en": ("Fix too old", "The fix is older than 72 hours."),
    },
    "fix.too_vague": {
        "zh": ("定位过于模糊", "定位精度过低，不记录位置。"),
        "en": ("Fix too vague", "The accuracy of the fix is too low to say where it was."),
    },
    "track.range_invalid": {
        "zh": ("轨迹时段无效", "结束时间须晚于开始时间，且一次最多查询 {most_days} 天。"),
        "en": (
            "Invalid time of a track",
            "The end must come after the beginning, and at most {most_days} days later.",
        ),
    },
    "worker.left": {
        "zh": ("该网格员已离任", "网格员 {worker} 已离任，不能再分配网格或上岗。"),
        "en": ("Worker has left", "Worker {worker} has left: no cells and no duty any more."),
    },
}
