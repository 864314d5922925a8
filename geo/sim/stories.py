# SPDX-License-Identifier: Apache-2.0
"""What happens in a district, and how people say where: titles, addresses, logs, excuses."""

from dataclasses import dataclass

import numpy as np

from geo.sim.chance import happens, one_of
from geo.sim.district.names import chinese_number
from geo.sim.town import House, Mark, Town


@dataclass(frozen=True)
class Story:
    """A kind of incident: its class of the six, how bad it is, what became of it.

    `at_home`: it happens in a block of flats, never in a market or a park.
    """

    title: str
    category: str
    severity: str
    outcome: str
    at_home: bool = False


_SUDDEN, _LOOKS, _BUILDING = "突发事件", "市容环境", "施工管理"
_STREET, _SIGNS, _OTHER = "街面秩序", "宣传广告", "其他"

STORIES = (
    Story(
        "居民家中冒烟，疑似着火", _SUDDEN, "emergency", "油锅起火已扑灭，无人员受伤", at_home=True
    ),
    Story(
        "楼道内电动车充电起火",
        _SUDDEN,
        "emergency",
        "明火已扑灭，消防到场复查，楼道已清理",
        at_home=True,
    ),
    Story(
        "闻到浓烈煤气味", _SUDDEN, "emergency", "已关闭阀门并疏散，燃气公司更换软管", at_home=True
    ),
    Story(
        "老人独居多日未出门，敲门无应答",
        _SUDDEN,
        "emergency",
        "已入户，老人身体不适，送医陪同",
        at_home=True,
    ),
    Story("老人摔倒在路边无法起身", _SUDDEN, "emergency", "已送医，家属已联系上"),
    Story(
        "电梯困人，有一名儿童",
        _SUDDEN,
        "emergency",
        "维保人员到场，被困人员已安全救出",
        at_home=True,
    ),
    Story("自来水主管爆裂，路面积水", _SUDDEN, "urgent", "已关阀抢修，恢复供水"),
    Story(
        "供热管道漏水，整栋楼停暖", _SUDDEN, "urgent", "热力公司焊补完成，恢复供暖", at_home=True
    ),
    Story("楼顶外墙皮脱落，砸到车辆", _SUDDEN, "urgent", "已拉警戒线，物业排险", at_home=True),
    Story("枯树倾斜，可能倒向行人", _LOOKS, "urgent", "已由房产局绿化队伐除，隐患消除"),
    Story("路面塌陷一个坑", _BUILDING, "urgent", "已围挡并回填夯实"),
    Story("井盖丢失", _LOOKS, "urgent", "已补装井盖"),
    Story("电线垂落到人行道", _SUDDEN, "urgent", "供电所已处置，线路复位"),
    Story("下水道堵塞，污水外溢", _LOOKS, "urgent", "已疏通，路面冲洗干净"),
    Story("施工夜间噪音扰民", _BUILDING, "normal", "已告知施工方调整时间"),
    Story("工地渣土车遗撒", _BUILDING, "normal", "责任单位已清扫"),
    Story("施工围挡被风吹倒", _BUILDING, "urgent", "围挡已重新加固"),
    Story("垃圾箱满溢，异味明显", _LOOKS, "normal", "环卫已清运"),
    Story("楼道堆放杂物，堵塞通道", _LOOKS, "normal", "已劝导清理，通道畅通", at_home=True),
    Story("单元门口积雪结冰", _LOOKS, "normal", "已除冰撒沙", at_home=True),
    Story("路灯整条街不亮", _LOOKS, "normal", "路灯所已修复"),
    Story("流浪狗聚集，吓到孩子", _STREET, "normal", "已联系公安收容"),
    Story("占道经营，行人无法通过", _STREET, "normal", "摊贩已劝离"),
    Story("车辆堵住消防通道", _STREET, "urgent", "已联系车主挪车"),
    Story("两户邻居因漏水争吵", _STREET, "urgent", "现场调解，双方达成一致", at_home=True),
    Story("有人在广场争执推搡", _STREET, "urgent", "已劝离，派出所到场处理"),
    Story("广告牌松动，随风摇晃", _SIGNS, "urgent", "广告牌已拆除"),
    Story("楼道里贴满小广告", _SIGNS, "normal", "已清理并登记电话", at_home=True),
    Story("横幅断开一头垂在路上", _SIGNS, "normal", "横幅已撤除"),
    Story("老人走失，穿深色棉衣", _SUDDEN, "emergency", "已在附近找到，由家属接回"),
    Story("高龄老人需要上门量血压", _OTHER, "normal", "社区医生已上门", at_home=True),
    Story("暖气不热，家有婴儿", _OTHER, "normal", "热力公司已排气调温", at_home=True),
)
# How often each happens, by severity: emergencies are rare.
_WEIGHT = {"emergency": 1.0, "urgent": 1.6, "normal": 2.2}
_CHANCES = np.array([_WEIGHT[story.severity] for story in STORIES])
_CHANCES = _CHANCES / _CHANCES.sum()

DECLINES = (
    "正在处理另一件事",
    "正陪老人在医院",
    "车坏在路上，一时过不去",
    "正在入户登记，走不开",
    "离得太远，请就近安排",
)
REPORTERS = ("居民来电", "路过群众", "楼长", "物业值班员", "沿街商户", "学生家长", "随手拍")
LOGS = (
    "巡查各固定点位，楼道消防通道畅通，劝离占道车辆{n}台。",
    "走访独居老人{n}户，水电燃气正常，提醒关好门窗。",
    "入户登记流动人口{n}人，发放反诈宣传单。",
    "排查楼道电动车充电隐患{n}处，已全部整改。",
    "协助供热公司排查低温户{n}户，已报修。",
    "清理楼道小广告{n}处，联系环卫清运垃圾。",
    "检查沿街商铺{n}家，灭火器均在有效期内。",
    "调解邻里纠纷{n}起，双方已签字。",
    "巡查施工围挡{n}处，未见松动。",
    "陪同社区医生为慢病老人上门随访{n}人。",
)
WRITTEN_OFF = "现场无人可派，已转市政热线跟进"


def story(rng: np.random.Generator) -> Story:
    """Something that happens."""
    return STORIES[int(rng.choice(len(STORIES), p=_CHANCES))]


def address_of(rng: np.random.Generator, town: Town, house: House) -> str:
    """A building as somebody says it on the telephone."""
    number, street = house.number, house.street
    forms = [f"{street}{number}号楼", f"{street}{number}号", f"{street} {number}#"]
    if number.isdigit():
        forms.append(f"{street}{chinese_number(int(number))}号楼")
        forms.append(f"{street}{_wide(number)}号楼")
    if house.estate:
        forms.append(f"{house.estate}{street}{number}号楼")
    said = one_of(rng, forms)
    if house.units > 0 and house.floors > 1 and happens(rng, 0.4):
        unit = int(rng.integers(1, house.units + 1))
        door = int(rng.integers(1, house.floors + 1)) * 100 + int(rng.integers(1, 4))
        said = f"{said.removesuffix('楼').removesuffix('号')}号楼{unit}单元{door}室"
        said = said.replace("#号楼", "#")
    if happens(rng, 0.35):
        subdistrict, community = town.names.get(house.cell[:9]), town.names.get(house.cell[:12])
        before = [f"溪湖区{subdistrict}", f"{subdistrict}{community}", f"{community}"]
        if subdistrict and community:
            said = one_of(rng, before) + said
    return said


def landmark_said(rng: np.random.Generator, mark: Mark) -> str:
    """A landmark as somebody says it."""
    return mark.name + one_of(rng, ("", "门口", "对面", "旁边", "附近"))


def vague(rng: np.random.Generator, town: Town, house: House) -> str:
    """An address that leaves open which: many places answer to it, or none."""
    community = town.names.get(house.cell[:12], "社区")
    return one_of(
        rng,
        (
            house.street,
            f"{house.street}上",
            f"{community}里面",
            house.estate or f"{house.street}中间",
            "菜市场那边",
            "小学后面那栋楼",
            f"{house.number}号楼",
            "河边那条路",
        ),
    )


def log_text(rng: np.random.Generator) -> str:
    """A work log of one or two sentences."""
    lines = [one_of(rng, LOGS), one_of(rng, LOGS)][: int(rng.integers(1, 3))]
    return "".join(line.format(n=int(rng.integers(1, 9))) for line in dict.fromkeys(lines))


def _wide(digits: str) -> str:
    """Digits as some keyboards write them: １０."""
    return "".join(chr(ord(digit) + 0xFEE0) for digit in digits)
