# SPDX-License-Identifier: Apache-2.0
"""Words of check-ins and why they were judged so, of checkpoints, work logs and patrol days."""

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "accuracy.too_vague": {
        "zh": (
            "定位过于模糊",
            "误差半径 {radius_m} 米，超过 {limit_m} 米。请到开阔处，允许“精确位置”，"
            "等半分钟再打卡。",
        ),
        "en": (
            "Fix too vague",
            "The error radius is {radius_m} m, over {limit_m} m. Go into the open, allow"
            " the precise"
            " location, wait half a minute and check in again.",
        ),
    },
    "assignment.none": {
        "zh": ("未分配网格", "打卡时该网格员没有分配网格，请主管分配后再打卡。"),
        "en": (
            "No cell assigned",
            "The worker had no cell at that time: ask the supervisor for one, then check in again.",
        ),
    },
    "cell.inside": {
        "zh": ("在网格内", "位置在网格 {cell} 内，距边界 {distance_m} 米。"),
        "en": ("Inside the cell", "Inside cell {cell}, {distance_m} m from its border."),
    },
    "cell.outside": {
        "zh": (
            "在网格外",
            "位置在网格 {cell} 外 {distance_m} 米处，所在网格：{located_cell}。"
            "请走进网格再打卡；如果当时确实在网格内，请申诉。",
        ),
        "en": (
            "Outside the cell",
            "Outside cell {cell} by {distance_m} m; the point lies in: {located_cell}. Walk"
            " into the"
            " cell and check in again; appeal if you were inside.",
        ),
    },
    # Of `cell.outside` where the point itself lies in the cell, and most of the disc does not.
    "cell.outside_by_error": {
        "zh": (
            "误差太大，多半在网格外",
            "定位点虽在网格 {cell} 内，但误差范围绝大部分在网格外，不能认定。"
            "请到开阔处等半分钟再打卡；如果当时确实在网格内，请申诉。",
        ),
        "en": (
            "Mostly outside the cell",
            "The point lies in cell {cell}, but most of where it may be lies outside. Go into the"
            " open, wait half a minute and check in again; appeal if you were inside.",
        ),
    },
    "cell.proven": {
        "zh": (
            "定位在网格外，扫码为证",
            "仅凭定位会判在网格 {cell} 外（距边界 {distance_m} 米），"
            "但扫了门口的有效二维码：予以认可并标注。",
        ),
        "en": (
            "Outside by the fix, proven by the code",
            "By the fix alone outside cell {cell} ({distance_m} m from its border), but a valid"
            " code was read at the door: accepted and marked.",
        ),
    },
    "cell.uncertain": {
        "zh": (
            "无法确定",
            "位置距网格 {cell} 边界 {distance_m} 米，误差范围跨越边界：予以认可并标注，"
            "不用重新打卡。",
        ),
        "en": (
            "Uncertain",
            "{distance_m} m from the border of cell {cell}, within the error: accepted and marked;"
            " nothing to do.",
        ),
    },
    "check_in.apart": {
        "zh": ("打卡与轨迹不符", "打卡位置距前后一分钟内的轨迹 {distance_m} 米，误差无法解释。"),
        "en": (
            "Apart from the track",
            "{distance_m} m from the track just before and after; no error explains it.",
        ),
    },
    "check_in.not_found": {
        "zh": ("没有这条打卡", "没有编号为 {check_in} 的打卡，或不在您的管辖范围内。"),
        "en": ("No such check-in", "There is no check-in {check_in}, or it is outside your area."),
    },
    "check_in.place_erased": {
        "zh": (
            "位置已删除，无法重新判定",
            "打卡 {check_in} 的位置已按保存期限删除，不能再重新判定；原判定和理由仍然保留。",
        ),
        "en": (
            "Place erased: no second verdict",
            "Where check-in {check_in} was has been erased when its time was over: it cannot be"
            " judged again. Its verdict and reasons stay.",
        ),
    },
    "check_in.too_late": {
        "zh": ("打卡过期", "打卡时间 {observed_at} 距今超过 {most_h} 小时，请联系主管补录。"),
        "en": (
            "Too late",
            "Observed at {observed_at}, more than {most_h} hours ago; a supervisor can take it in.",
        ),
    },
    "checkpoint.code_taken": {
        "zh": ("打卡点编码已被使用", "编码 {checkpoint_code} 已被其他打卡点使用，请换一个。"),
        "en": ("Code taken", "Another checkpoint has the code {checkpoint_code}; choose another."),
    },
    "checkpoint.not_assigned": {
        "zh": (
            "不是本人的打卡点",
            "打卡点“{name}”不在该网格员负责的网格内：请选自己网格的打卡点，或请主管调整分工。",
        ),
        "en": (
            "Not his checkpoint",
            "Checkpoint {name} is in a cell that is not the worker's: choose one of his own"
            " cell, or"
            " ask the supervisor to assign it.",
        ),
    },
    "checkpoint.not_found": {
        "zh": ("没有这个打卡点", "没有编号为 {checkpoint} 的打卡点。"),
        "en": ("No such checkpoint", "There is no checkpoint {checkpoint}."),
    },
    "checkpoint.not_reached": {
        "zh": (
            "未到达打卡点",
            "距打卡点“{name}”{distance_m} 米，应在 {radius_m} 米加误差之内。"
            "请走近再打卡；如果当时就在打卡点，请申诉。",
        ),
        "en": (
            "Checkpoint not reached",
            "{distance_m} m from checkpoint {name}; {radius_m} m and the error are allowed."
            " Go nearer"
            " and check in again; appeal if you stood at it.",
        ),
    },
    "checkpoint.outside_cell": {
        "zh": (
            "打卡点不在网格内",
            "该点不在网格 {cell} 内，而在 {located_cell}，请移到网格内。",
        ),
        "en": (
            "Point outside the cell",
            "The point does not lie in cell {cell} but in: {located_cell}; move it inside.",
        ),
    },
    "checkpoint.proven": {
        "zh": (
            "门口扫码为证",
            "定位距打卡点“{name}”{distance_m} 米，但扫了门口的有效二维码，视为已到达。",
        ),
        "en": (
            "Proven at the door",
            "{distance_m} m from checkpoint {name} by the fix, but its valid code was read.",
        ),
    },
    "checkpoint.reached": {
        "zh": ("已到达打卡点", "已到达打卡点“{name}”，距离 {distance_m} 米。"),
        "en": ("Checkpoint reached", "At checkpoint {name}, {distance_m} m from it."),
    },
    "checkpoint.retired": {
        "zh": ("打卡点已停用", "打卡点 {checkpoint} 已停用，不能再修改。"),
        "en": ("Checkpoint retired", "Checkpoint {checkpoint} is retired and changes no more."),
    },
    "checkpoint.was_retired": {
        "zh": ("打卡点当时已停用", "打卡点“{name}”在打卡时已停用：请选其他打卡点。"),
        "en": (
            "Checkpoint was retired",
            "Checkpoint {name} was retired by then: choose another one.",
        ),
    },
    "clock.corrected": {
        "zh": ("手机时间已校正", "手机时间快了{ahead_s}，已按发送时间校正。请打开自动校时。"),
        "en": (
            "Clock corrected",
            "The phone's clock ran {ahead_s} ahead; corrected by its send time. Let the"
            " phone set its"
            " clock by itself.",
        ),
    },
    "clock.was_behind": {
        "zh": ("手机时间已校正", "手机时间慢了{behind_s}，已按发送时间校正。请打开自动校时。"),
        "en": (
            "Clock corrected",
            "The phone's clock ran {behind_s} behind; corrected by its send time. Let the phone set"
            " its clock by itself.",
        ),
    },
    "day.checkpoints_missing": {
        "zh": ("打卡点未走完", "还有 {count} 个打卡点没有有效打卡。"),
        "en": ("Checkpoints missing", "{count} checkpoint(s) have no accepted check-in yet."),
    },
    "day.complete": {
        "zh": ("当日巡查已完成", "打卡点已走完，工作日志已提交。"),
        "en": ("Day complete", "Every checkpoint was reached and the work log is written."),
    },
    "day.log_missing": {
        "zh": ("缺少工作日志", "当日工作日志尚未提交。"),
        "en": ("Log missing", "The work log of the day is not written yet."),
    },
    "day.no_checkpoints": {
        "zh": ("网格没有打卡点", "该网格没有打卡点，只需提交工作日志。"),
        "en": ("No checkpoints", "The cell has no checkpoints; the work log alone counts."),
    },
    "delivery.late": {
        "zh": ("离线补传", "打卡后{waited_s}才收到，当时可能没有网络。不用重新打卡。"),
        "en": (
            "Delivered late",
            "Received {waited_s} after it was observed, perhaps offline; nothing to do.",
        ),
    },
    "mock.declared": {
        "zh": ("模拟定位", "手机声明这是模拟位置，不予认可。请关闭模拟定位软件，再打卡。"),
        "en": (
            "Mock location",
            "The phone declared a mock location. Switch off what makes it and check in again.",
        ),
    },
    "mock.nearby": {
        "zh": ("附近有模拟定位", "打卡前后，手机声明过 {fixes} 个模拟位置。"),
        "en": (
            "Mock locations nearby",
            "Around this check-in the phone declared {fixes} mock location(s).",
        ),
    },
    "patrol.standing": {
        "zh": (
            "多点打卡未移动",
            "在相距 {apart_m} 米的 {checkpoints} 个打卡点打卡，期间只移动了 {moved_m} 米。",
        ),
        "en": (
            "Checkpoints without moving",
            "Checked in at {checkpoints} checkpoints {apart_m} m apart, moving only {moved_m} m.",
        ),
    },
    "policy.invalid": {
        "zh": ("打卡规则不合理", "{field} 不能是 {value}，可用：{allowed}。"),
        "en": ("Policy makes no sense", "{field} cannot be {value}; possible: {allowed}."),
    },
    "policy.none_in_force": {
        "zh": ("没有打卡规则", "{at} 没有生效的打卡规则，请联系管理员。"),
        "en": ("No policy in force", "No check-in policy held at {at}; ask the administrator."),
    },
    "policy.not_later": {
        "zh": ("打卡规则不能追溯", "新的打卡规则必须从 {after} 之后开始，不能从 {since} 开始。"),
        "en": ("A policy begins later", "A new policy begins after {after}, not at {since}."),
    },
    "proof.invalid": {
        "zh": ("二维码不对", "这不是此打卡点门口的二维码：请扫该打卡点门口张贴的二维码。"),
        "en": (
            "Wrong code",
            "This is not the code of this checkpoint: scan the one that hangs at its door.",
        ),
    },
    "proof.missing": {
        "zh": ("缺少门口扫码", "此打卡点要求扫门口的二维码：请到门口扫码后再打卡。"),
        "en": (
            "Code missing",
            "This checkpoint asks for the code at its door: scan it there and check in again.",
        ),
    },
    "proof.none_issued": {
        "zh": (
            "还没有二维码",
            "打卡点 {checkpoint} 还没有制作二维码：请先制作、打印并张贴，再要求扫码。",
        ),
        "en": (
            "No code yet",
            "Checkpoint {checkpoint} has no code: issue, print and hang one, then ask for it.",
        ),
    },
    "proof.not_asked": {
        "zh": ("无需第二凭证", "此打卡点不要求扫码等第二凭证，已按定位判定。"),
        "en": ("No proof asked", "This checkpoint asks for no second proof; the fix decided."),
    },
    "proof.replaced": {
        "zh": (
            "二维码已换新",
            "门口贴的是旧二维码，已经作废：请告诉主管更换门口的打印件，或扫新的二维码。",
        ),
        "en": (
            "Code replaced",
            "The print at the door is old: tell the supervisor to hang the new one.",
        ),
    },
    "proof.too_far": {
        "zh": (
            "定位离门口太远",
            "二维码有效，但定位距打卡点“{name}”{distance_m} 米，超过 {limit_m} 米："
            "请在门口重新定位再打卡。",
        ),
        "en": (
            "Too far from the door",
            "The code is valid, but the fix is {distance_m} m from checkpoint {name}, over"
            " {limit_m} m; let the phone find itself at the door and check in again.",
        ),
    },
    "proof.valid": {
        "zh": ("门口二维码有效", "已扫此打卡点门口的二维码。"),
        "en": ("Code valid", "The code at the checkpoint's door was read."),
    },
    "stream.line_cut_short": {
        "zh": ("最后一行不完整", "最后一行没有换行符结尾，可能没传完，未予收取；请重发这一行。"),
        "en": (
            "The last line is cut short",
            "The last line does not end with a line break and may not be whole: it was not taken"
            " in; send it again.",
        ),
    },
    "stream.line_too_long": {
        "zh": ("一行过长", "这一行超过 {limit_bytes} 字节，连接到此结束；请把每次打卡写成一行。"),
        "en": (
            "Line too long",
            "The line exceeds {limit_bytes} bytes and the stream ends here: write one check-in a"
            " line.",
        ),
    },
    "stream.media_type": {
        "zh": ("正文类型不对", "这里只收 {media_type}：一行一次打卡。"),
        "en": ("Wrong media type", "Only {media_type} is taken here: one check-in a line."),
    },
    "stream.stalled": {
        "zh": (
            "迟迟没有数据",
            "很久没有收到数据，连接到此结束；已答复的都已保存，请重新连接再发。",
        ),
        "en": (
            "Nothing came",
            "Nothing came for long and the stream ends here; what was answered is stored. Connect"
            " again to go on.",
        ),
    },
    "stream.too_many": {
        "zh": ("连接过多", "同时上传打卡的连接过多，请在 {retry_after_s} 秒后重试，或分批发送。"),
        "en": (
            "Too many streams",
            "Too many streams of check-ins are open; retry in {retry_after_s} s, or send batches.",
        ),
    },
    "system.suspected": {
        "zh": (
            "坐标系可能有误",
            "若按 {hypothesis} 解读坐标，位置就在网格内：请告诉主管，由主管校正这部手机。",
        ),
        "en": (
            "Coordinate system suspected",
            "Read as {hypothesis}, the point lies inside the cell: tell the supervisor, who can"
            " correct how this phone is read.",
        ),
    },
    "track.jitter": {
        "zh": (
            "位置抖动异常",
            "{minutes} 分钟内位置在一点周围随机散布，不像真实接收机的漂移。",
        ),
        "en": (
            "Random scatter",
            "For {minutes} min the place scattered at random round a point; no receiver drifts so.",
        ),
    },
    "track.jump": {
        "zh": ("位置瞬移", "{seconds} 秒内移动了 {distance_m} 米，任何车辆都做不到。"),
        "en": ("Impossible leap", "{distance_m} m in {seconds} s, as no vehicle moves."),
    },
    "track.lifeless": {
        "zh": (
            "位置和精度一成不变",
            "{minutes} 分钟内 {fixes} 次定位的坐标和精度完全相同。",
        ),
        "en": (
            "Place and accuracy unchanging",
            "{fixes} fixes over {minutes} min say one place and one accuracy to the last digit.",
        ),
    },
    "track.replayed": {
        "zh": ("轨迹重复", "{minutes} 分钟的轨迹与 {on} 的一段轨迹在时间和形状上都一致。"),
        "en": (
            "Track repeated",
            "{minutes} min of track repeat one of {on}, in time and in shape.",
        ),
    },
    "track.smooth": {
        "zh": ("轨迹过于平直", "{minutes} 分钟的轨迹是匀速直线，没有真实定位的误差。"),
        "en": (
            "Drawn with a ruler",
            "{minutes} min of track are straight at one pace, without the error of a real fix.",
        ),
    },
    "work_log.in_future": {
        "zh": ("日期在将来", "{on} 还没有到（今天是 {today}），不能提前写日志。"),
        "en": ("In the future", "{on} has not begun (today is {today}); write it on the day."),
    },
}
