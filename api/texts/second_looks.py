# SPDX-License-Identifier: Apache-2.0
"""Words of appeals, of verdicts given again and of findings about phones."""

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "appeal.decided": {
        "zh": ("申诉已有结论", "打卡 {check_in} 的申诉已经处理，请刷新后查看。"),
        "en": ("Appeal decided", "The appeal against check-in {check_in} is decided; look again."),
    },
    "appeal.not_found": {
        "zh": ("没有申诉", "打卡 {check_in} 没有人提出申诉。"),
        "en": ("No appeal", "Nobody has appealed against check-in {check_in}."),
    },
    "appeal.nothing_to_appeal": {
        "zh": ("无需申诉", "打卡 {check_in} 已被认可，没有需要申诉的内容。"),
        "en": ("Nothing to appeal", "Check-in {check_in} counts; there is nothing to appeal."),
    },
    "appeal.open": {
        "zh": ("申诉正在处理", "打卡 {check_in} 已有申诉等待处理，请等待结论。"),
        "en": (
            "Appeal waiting",
            "An appeal against check-in {check_in} waits for its decision; wait for it.",
        ),
    },
    "appeal.own": {
        "zh": ("须由他人处理", "打卡 {check_in} 是您本人的或由您代录，申诉须由他人处理。"),
        "en": (
            "Somebody else must decide",
            "Check-in {check_in} is your own or was taken in by you; somebody else must decide.",
        ),
    },
    "appeal.upheld": {
        "zh": ("申诉成立", "申诉成立，本次打卡予以认可：{text}"),
        "en": ("Appeal upheld", "The appeal was upheld and the check-in counts: {text}"),
    },
    "device_finding.decided": {
        "zh": ("已有结论", "关于这部手机的发现已经处理（{state}），请刷新后查看。"),
        "en": ("Decided already", "This finding about a phone is {state} already; look again."),
    },
    "device_finding.not_found": {
        "zh": ("没有这条发现", "没有编号为 {finding} 的手机坐标发现，或不在您的管辖范围内。"),
        "en": ("No such finding", "There is no finding {finding}, or it is outside your area."),
    },
    # Why a phone is suspected: the hypotheses of a finding.
    "device_finding.gcj02": {
        "zh": ("手机使用火星坐标", "手机给出的是 GCJ-02 坐标，却按设定的坐标系解读。"),
        "en": ("The phone speaks GCJ-02", "Its coordinates are GCJ-02 and are read otherwise."),
    },
    "device_finding.bd09": {
        "zh": ("手机使用百度坐标", "手机给出的是 BD-09 坐标，却按设定的坐标系解读。"),
        "en": ("The phone speaks BD-09", "Its coordinates are BD-09 and are read otherwise."),
    },
    "device_finding.swapped": {
        "zh": ("经纬度颠倒", "手机把经度和纬度写反了。"),
        "en": ("Axes swapped", "The phone says latitude for longitude and the other way round."),
    },
    "device_finding.sign": {
        "zh": ("经纬度符号错误", "手机把东经写成西经，或把北纬写成南纬。"),
        "en": ("Sign wrong", "The phone says west for east or south for north."),
    },
    "device_finding.none": {
        "zh": ("手机坐标已正常", "手机现在给出的坐标是对的，不应再按以前的更正解读。"),
        "en": (
            "The phone speaks rightly now",
            "Its coordinates are right as said; the earlier correction should end.",
        ),
    },
}
