# SPDX-License-Identifier: Apache-2.0
"""Words of places, incidents and linkups."""

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "climb.grid_leader": {
        "zh": ("网格长", "本网格或本社区的网格长，附近网格员均未接办。"),
        "en": ("Grid leader", "Leads the cell or its community; no worker near by has accepted."),
    },
    "coverage.assigned_engaged": {
        "zh": ("本网格人员，正在处置", "属于本网格，在岗，但正在处置其他事件。"),
        "en": ("Assigned, engaged", "Assigned to this cell, but away on another incident."),
    },
    "coverage.assigned_stale": {
        "zh": ("本网格人员，位置过时", "属于本网格，在岗，但位置超过 5 分钟未更新。"),
        "en": ("Assigned, not fresh", "Assigned to this cell, not seen for more than 5 minutes."),
    },
    "coverage.neighbour": {
        "zh": ("邻近，会空出本人网格", "距离近、空闲，但前往后其本人网格无人。"),
        "en": ("Near, leaves his own", "Near and free, but a cell of his own would stand empty."),
    },
    "coverage.spare": {
        "zh": ("邻近，可以抽调", "距离近、空闲，其本人网格另有人在。"),
        "en": ("Near, can be spared", "Near and free, and his own cells stay covered."),
    },
    "department.named": {
        "zh": ("部门已存在", "本区已有名为“{name}”的部门。"),
        "en": ("Name taken", "The district has a department named {name} already."),
    },
    "department.not_found": {
        "zh": ("没有这个部门", "本区没有部门 {department}。"),
        "en": ("No such department", "The district has no department {department}."),
    },
    "fewer_than_asked": {
        "zh": ("人数不足", "可到达的在岗人员少于所需人数。"),
        "en": ("Fewer than asked", "Fewer workers on duty are within reach than were asked for."),
    },
    "geocode.outside_failed": {
        "zh": ("外部地址服务未应答", "外部地址服务均未应答，本地查询结果不受影响，请稍后再试。"),
        "en": (
            "Outside geocoders failed",
            "None of the outside geocoders answered; what the local search found still stands.",
        ),
    },
    "geocode.outside_off": {
        "zh": (
            "未启用外部地址服务",
            "本系统未启用任何外部地址服务，请使用本地查询或在地图上定点。",
        ),
        "en": (
            "No outside geocoder",
            "No outside geocoder is switched on here; use the local search or set a pin.",
        ),
    },
    "geocode.outside_refused": {
        "zh": ("外部地址服务拒绝", "外部地址服务拒绝了请求，请管理员检查密钥和配额。"),
        "en": ("Geocoder refused", "The outside geocoder refused; check its key and its quota."),
    },
    "geocode.outside_timeout": {
        "zh": ("外部地址服务超时", "外部地址服务没有及时应答。"),
        "en": ("Geocoder too slow", "The outside geocoder did not answer in time."),
    },
    "geocode.outside_too_large": {
        "zh": ("外部地址服务应答过大", "外部地址服务的应答过大，已舍弃。"),
        "en": ("Geocoder said too much", "The outside geocoder's answer was too large to read."),
    },
    "geocode.outside_too_soon": {
        "zh": ("查询过于频繁", "该外部地址服务限制查询频率，请稍候再查。"),
        "en": (
            "Too soon",
            "This outside geocoder limits how often it may be asked; wait a little.",
        ),
    },
    "geocode.outside_unreachable": {
        "zh": ("外部地址服务无法连接", "无法连接外部地址服务，请检查网络。"),
        "en": ("Geocoder out of reach", "The outside geocoder cannot be reached; see the network."),
    },
    "geocode.outside_unreadable": {
        "zh": ("外部地址服务应答无法识别", "外部地址服务的应答无法识别。"),
        "en": ("Geocoder not understood", "The outside geocoder's answer cannot be understood."),
    },
    "incident.closed": {
        "zh": ("事件已办结", "事件 {incident} 已经办结，不能再作更改。"),
        "en": ("Incident closed", "Incident {incident} is closed; nothing more can be done to it."),
    },
    "incident.merge_reversed": {
        "zh": (
            "请反向合并",
            "待并入的事件已在呼叫或已有人前往，应保留它：请把另一件并入它。",
        ),
        "en": (
            "Merge the other way round",
            "Somebody is called or on the way for the one that would close; let that one stay.",
        ),
    },
    "incident.merged": {
        "zh": ("事件已并入另一件", "事件 {incident} 已并入 {into}。"),
        "en": ("Merged already", "Incident {incident} was merged into {into}."),
    },
    "incident.merged_with_itself": {
        "zh": ("不能并入自身", "事件不能并入它自己，请选择另一件。"),
        "en": ("Merged with itself", "An incident cannot be merged into itself; choose another."),
    },
    "incident.not_found": {
        "zh": ("没有这个事件", "没有事件 {incident}，或不在您的管辖范围内。"),
        "en": ("No such incident", "There is no incident {incident}, or it is outside your area."),
    },
    "incident.other_origin": {
        "zh": ("来源不同", "演练、模拟与真实事件不能相互合并。"),
        "en": ("Kept apart", "Drills, simulated and real incidents are not merged."),
    },
    "incident.place_unclear": {
        "zh": (
            "新位置不明确",
            "未能确定唯一的新位置，事件保留原位置；请在地图上定点或从候选中选择。",
        ),
        "en": (
            "New place unclear",
            "The new place was not found or is not unique, so the old one stays; set a pin.",
        ),
    },
    "incident.unlocated": {
        "zh": ("事件尚未定位", "事件 {incident} 还没有位置，请先定位再连线。"),
        "en": ("No place yet", "Incident {incident} has no place yet; give it one first."),
    },
    "left_out.asked": {
        "zh": ("已呼叫过", "此次连线中已呼叫过，尚未接办。"),
        "en": ("Asked already", "Was asked in this linkup already and has not taken it."),
    },
    "left_out.declined": {
        "zh": ("已谢绝", "此次连线中已表示不能前往。"),
        "en": ("Declined", "Has declined in this linkup."),
    },
    "left_out.engaged": {
        "zh": ("正在处置", "距离更近，但正在处置其他事件。"),
        "en": ("Engaged", "Nearer, but engaged with another incident."),
    },
    "left_out.farther": {
        "zh": ("距离较远", "在岗，但有人离得更近。"),
        "en": ("Farther away", "On duty, but others are nearer."),
    },
    "left_out.no_way": {
        "zh": ("无路可达", "没有步行可达的道路（河流或铁路阻隔，或街道不连通）。"),
        "en": ("No way on foot", "No street leads there: a river or a railway lies between."),
    },
    "left_out.off_duty": {
        "zh": ("不在岗", "目前不在岗。"),
        "en": ("Off duty", "Is off duty at the moment."),
    },
    "left_out.out_of_reach": {
        "zh": ("超出范围", "步行距离超出范围，短时间内赶不到。"),
        "en": ("Out of reach", "Too far away to come on foot in time."),
    },
    "left_out.stale": {
        "zh": ("位置过时", "距离更近，但位置超过 5 分钟未更新。"),
        "en": ("Stale position", "Nearer, but not seen for more than 5 minutes."),
    },
    "linkup.acknowledged": {
        "zh": ("已有人负责", "{by} 已经接手负责此次连线。"),
        "en": ("Acknowledged already", "{by} has taken responsibility for this linkup."),
    },
    "linkup.already_asked": {
        "zh": ("正在呼叫此人", "该网格员正在被呼叫，或已经接办。"),
        "en": ("Asked already", "This worker is being asked, or has accepted."),
    },
    "linkup.ended": {
        "zh": ("连线已结束", "此次连线已随事件办结而结束。"),
        "en": ("Linkup over", "This linkup is over, with its incident."),
    },
    "linkup.exists": {
        "zh": ("已有连线", "该事件已有进行中的连线 {linkup}。"),
        "en": ("Linkup exists", "The incident has an open linkup already: {linkup}."),
    },
    "linkup.named": {
        "zh": ("指定呼叫", "由负责人指定呼叫。"),
        "en": ("Named", "Named by the person in charge."),
    },
    "linkup.no_lead": {
        "zh": ("尚无人接办", "此次连线还没有人接办，请先等待或扩大呼叫。"),
        "en": ("No lead yet", "Nobody has taken this linkup yet."),
    },
    "linkup.not_climbing": {
        "zh": ("尚未上报", "此次连线仍在呼叫网格员，尚未逐级上报。"),
        "en": ("Not climbed", "Workers are still being asked; it has climbed to nobody yet."),
    },
    "linkup.not_found": {
        "zh": ("没有这次连线", "没有连线 {linkup}，或您不在被呼叫之列。"),
        "en": ("No such linkup", "There is no linkup {linkup}, or you were not asked in it."),
    },
    "linkup.not_responsible": {
        "zh": ("请先确认负责", "确认负责此次连线后，才能指定、保留或释放人员，发消息和通话。"),
        "en": (
            "Acknowledge first",
            "Take responsibility for this linkup before you name anybody, write or call.",
        ),
    },
    "linkup.taken": {
        "zh": ("已有人接办", "已有其他网格员接办此事件，感谢您的响应。"),
        "en": ("Already taken", "Another worker has taken this incident; thank you."),
    },
    "linkup.worker_off_duty": {
        "zh": ("不在岗", "该网格员不在岗，不能呼叫。"),
        "en": ("Off duty", "This worker is off duty and is not asked."),
    },
    "linkup.wrong_state": {
        "zh": ("不能这样答复", "您在此次连线中的状态为 {state}，不能再这样答复。"),
        "en": ("Cannot answer so", "Your ask stands at {state}; this answer does not follow."),
    },
    "nearest.engaged": {
        "zh": ("最近，正在处置", "距离近，但正在处置其他事件。"),
        "en": ("Near, engaged", "Near by, but engaged with another incident."),
    },
    "nearest.free": {
        "zh": ("最近，空闲", "距离近，当前空闲。"),
        "en": ("Near, free", "Near by and free."),
    },
    "nearest.holder": {
        "zh": ("本网格负责人", "本网格的专职网格员，在岗，位置最新。"),
        "en": ("Holder of the cell", "Holds this cell, is on duty, and his position is fresh."),
    },
    "nearest.stale": {
        "zh": ("位置过时", "在岗，但位置超过 5 分钟未更新。"),
        "en": ("Stale position", "On duty, but not seen for more than 5 minutes."),
    },
    "nearest.stale_engaged": {
        "zh": ("位置过时，正在处置", "位置超过 5 分钟未更新，且正在处置其他事件。"),
        "en": ("Stale and engaged", "Not seen for more than 5 minutes, and engaged elsewhere."),
    },
    "nearest.stand_in": {
        "zh": ("本网格代班人", "本网格的代班网格员，在岗，位置最新。"),
        "en": ("Stand-in of the cell", "Stands in for the cell's holder, on duty, fresh position."),
    },
    "nobody_on_duty": {
        "zh": ("无人在岗", "目前没有网格员在岗。"),
        "en": ("Nobody on duty", "No worker is on duty at the moment."),
    },
    "none_within_reach": {
        "zh": ("范围内无人", "有人在岗，但没有人能步行及时到达。"),
        "en": ("None within reach", "Workers are on duty, but none can come on foot in time."),
    },
    "place.not_found": {
        "zh": ("找不到地址", "地名库中没有这个地址，请在地图上定点。"),
        "en": ("Address not found", "The gazetteer does not know this address; set a pin."),
    },
    "place.not_said": {
        "zh": ("没有说明地点", "报告中没有地点，请询问来电人并在地图上定点。"),
        "en": ("No place said", "The report says no place; ask the caller and set a pin."),
    },
    "place.not_unique": {
        "zh": ("地点不唯一", "该地址对应多个地点，请从候选中选择。"),
        "en": ("Not unique", "Several places match this address; choose one of the candidates."),
    },
    "place.outside_district": {
        "zh": ("位于本区之外", "该位置不在本区任何网格内，请核对坐标系和地点。"),
        "en": (
            "Outside the district",
            "The place lies in no cell of this district; check it and its coordinate system.",
        ),
    },
    "place.too_vague": {
        "zh": ("地点太笼统", "只能确定大致范围，请问清门牌号或在地图上定点。"),
        "en": ("Too vague", "Only the surroundings are known; ask for a number or set a pin."),
    },
    "positions_stale": {
        "zh": ("位置均已过时", "在岗人员最近 5 分钟内都没有位置。"),
        "en": ("Positions stale", "No worker on duty was seen within the last 5 minutes."),
    },
    "report.range": {
        "zh": ("时间范围不对", "起始时间须早于截止时间，且最长 {days} 天。"),
        "en": ("Wrong range", "The time must end after it begins, and cover at most {days} days."),
    },
}
