// SPDX-License-Identifier: Apache-2.0
// The words of the pages of check-ins, and the sentences of reasons and doubts.

import { language, learn, span, t } from "./words.js";

learn({
  title_check_in: ["打卡判定 · 网格", "Check-in · Wangge"],
  title_check_ins: ["打卡记录 · 网格", "Check-ins · Wangge"],
  back_to_list: ["打卡记录", "Check-ins"],
  back_to_own: ["我的网格", "My cells"],
  "verdict.inside": ["界内", "Inside"],
  "verdict.uncertain": ["存疑", "Uncertain"],
  "verdict.outside": ["界外", "Outside"],
  "verdict.none": ["无法判定", "No verdict"],
  accepted: ["予以认可", "accepted"],
  refused: ["未予认可", "not accepted"],
  share_inside: ["误差圆在网格内的部分", "Share of the error disc inside the cell"],
  age: ["收到时，这个定位已有 {span}。", "The fix was {span} old when it arrived."],
  age_fresh: ["收到时，这是刚刚的定位。", "The fix was fresh when it arrived."],
  erased: ["打卡位置已按保存期限删除，不能再重新判定；判定、理由和距离保留。", "Where this was has been erased when its time was over: it cannot be judged again. Verdict, reasons and distances stay."],
  cut_day: ["这一天的打卡太多，只列出最近的 {n} 条；更早的和各项计数都不在其内。", "Too many check-ins in one day: these are the {n} latest; older ones are neither listed nor counted here."],
  erased_day: ["这一天部分或全部打卡的位置已按保存期限删除，地图上不再显示。", "Where some or all of these check-ins were has been erased when its time was over: the map shows them no more."],
  why: ["判定理由", "Why"],
  doubts: ["疑点", "Doubts"],
  doubts_say: ["仅作标注，不作处罚", "marks only, never a punishment"],
  judged_on: ["判定依据", "Judged on"],
  history: ["判定历史", "History of verdicts"],
  appeal: ["申诉与重新判定", "Appeal and second verdict"],

  observed: ["打卡时间", "Observed"],
  received: ["收到时间", "Received"],
  later: ["{span}后", "{span} later"],
  error: ["误差半径", "Error radius"],
  error_says: ["{radius} 米（95%），手机自报 {accuracy} 米", "{radius} m (95 %), the phone said {accuracy} m"],
  phone: ["设备", "Device"],
  no_device: ["未配对的浏览器", "a browser, not paired"],
  source: ["定位来源", "Source"],
  "source.browser": ["浏览器", "browser"],
  "source.android": ["安卓", "Android"],
  "source.gpsd": ["卫星接收机", "GNSS receiver (gpsd)"],
  "source.wechat": ["微信", "WeChat"],
  "source.owntracks": ["OwnTracks", "OwnTracks"],
  "source.osmand": ["OsmAnd 协议", "OsmAnd protocol"],
  "source.none": ["未说明", "not said"],
  system: ["坐标系", "Coordinates"],
  "system.wgs84": ["WGS-84", "WGS-84"],
  "system.cgcs2000": ["CGCS2000", "CGCS2000"],
  "system.gcj02": ["GCJ-02（火星坐标）", "GCJ-02"],
  "system.bd09": ["BD-09（百度坐标）", "BD-09"],
  "system.swapped": ["经纬度颠倒", "longitude and latitude swapped"],
  "system.sign": ["经纬度丢了正负号", "a lost sign"],
  plan: ["网格方案", "Plan"],
  policy: ["判定规则", "Rules"],
  policy_says: [
    "第 {version} 版：{inside} 以上为界内，{outside} 以下为界外",
    "version {version}: inside from {inside}, outside up to {outside}",
  ],
  point: ["手机自报位置", "Where the phone says"],
  read_as: ["按 {system} 解读：偏 {distance}，方位 {bearing}°", "Read as {system}: {distance} off, bearing {bearing}°"],
  to_border: ["距边界 {distance}", "{distance} to the border"],
  to_checkpoint: ["距打卡点 {distance}", "{distance} to the checkpoint"],
  within: ["{name} · 半径 {radius}", "{name} · within {radius}"],
  moment: ["{month}月{day}日 {hour}:{minute}{second}", "{day} {named} {hour}:{minute}{second}"],
  metres: ["{n} 米", "{n} m"],
  kilometres: ["{n} 公里", "{n} km"],
  check_ins_title: ["打卡记录", "Check-ins"],
  back_to_wall: ["网格态势", "The wall"],
  day: ["{month}月{day}日", "{day} {named}"],
  none_here: ["这一天没有这样的打卡。", "There are none of these on this day."],
  show_more: ["显示更多", "Show more"],
  "filter.all": ["全部", "All"],
  "filter.refused": ["未认可", "Refused"],
  "filter.uncertain": ["存疑", "Uncertain"],
  "filter.doubted": ["有疑点", "In doubt"],
  cancel: ["取消", "Cancel"],
  say_why: ["请写明理由。", "Please give the reason."],
  reason: ["理由", "Reason"],

  "waiting.appeals": ["待处理的申诉", "Appeals to decide"],
  "waiting.findings": ["坐标可能读错的手机", "Phones that may be read wrongly"],
  "waiting.days": ["全天轨迹的疑点", "Doubts about whole days"],
  "waiting.misplaced": ["位置可能不对的打卡点", "Checkpoints that may stand badly"],
  finding_says: ["最近 {points} 次打卡按 {system} 解读才在网格内。", "Its last {points} check-ins lie inside only when read as {system}."],
  finding_none: ["最近 {points} 次打卡按原样解读才在网格内，之前的校正可取消。", "Its last {points} check-ins lie inside as they were said: the correction can go."],
  finding_shift: ["定位整体向{wind}偏了 {distance}（方位 {bearing}°）", "Shifted {distance} towards {wind} (bearing {bearing}°)"],
  misplaced_says: ["{decided} 次申诉中 {overturned} 次成立，建议移动 {distance}：", "{overturned} of {decided} appeals upheld; suggested {distance} away:"],
  show_map: ["看地图", "Show the map"],
  hide_map: ["收起地图", "Hide the map"],
  move_there: ["移到建议位置", "Move it there"],
  move_title: ["移动打卡点“{name}”？", "Move checkpoint “{name}”?"],
  move_says: ["移动 {distance}，到 {fixes} 次可信打卡的中间位置。今后的打卡按新位置判定，已有的判定不变。", "By {distance}, to the middle of {fixes} honest check-ins. Check-ins are judged by the new place from now on; given verdicts stay."],
  place_stands: ["现在的位置", "where it stands"],
  place_should: ["建议的位置", "suggested"],
  place_honest: ["可信的打卡", "honest check-ins"],
  away: ["{n} 个打卡位置离得太远，不在图中", "{n} lie too far off to be shown with the others"],
  show_everything: ["显示全部", "Show all"],
  confirm: ["确认", "Confirm"],
  dismiss: ["忽略", "Dismiss"],
  confirm_title: ["校正 {worker} 的手机？", "Correct {worker}'s phone?"],
  confirm_says: ["今后它的坐标一律按 {system} 解读。已有的判定不变，需要时可重新判定。", "From now on its points are read as {system}. Given verdicts stay until they are judged again."],
  confirm_none: ["今后它的坐标按原样解读。", "From now on its points are read as they are said."],
  past_title: ["已校正。要重新判定这部手机之前的打卡吗？", "Corrected. Judge this phone's past check-ins again?"],
  past_says: ["自 {since} 起的打卡按新的读法重新判定，原判定保留在历史中。", "Those since {since} are judged again as the phone is read now; the verdicts before stay in the history."],
  past_why: ["手机坐标读法已校正", "The reading of the phone was corrected"],
  past_done: ["重新判定 {judged} 条，其中 {changed} 条结果改变。", "{judged} judged again, {changed} of them stand otherwise now."],
  not_now: ["暂不", "Not now"],
  dismiss_title: ["忽略 {worker} 手机的提示？", "Dismiss what was found about {worker}'s phone?"],

  appeal_button: ["对判定有异议，申诉", "Appeal against the verdict"],
  appeal_title: ["申诉", "Appeal"],
  appeal_say: ["请说明当时的情况，由主管复核。", "Say what happened; a supervisor will look at it."],
  appeal_text: ["当时的情况", "What happened"],
  send: ["提交申诉", "Send"],
  decide_button: ["处理申诉", "Decide"],
  decide_title: ["处理申诉", "Decide the appeal"],
  uphold: ["申诉成立", "Uphold"],
  reject: ["维持原判", "Reject"],
  rejudge_button: ["重新判定", "Judge again"],
  rejudge_title: ["按当时的方案和规则重新判定？", "Judge again by the plan and rules of then?"],
  rejudge_say: ["原判定保留在历史中。", "The verdict before stays in the history."],
  rejudge: ["重新判定", "Judge again"],
  "appeal.open": ["待处理", "waiting"],
  "appeal.upheld": ["申诉成立", "upheld"],
  "appeal.rejected": ["维持原判", "rejected"],
  "cause.first": ["首次判定", "First verdict"],
  "cause.rejudged": ["重新判定", "Judged again"],
  "cause.appeal": ["申诉处理", "Appeal decided"],
  no_cell: ["不在任何网格内", "in no cell"],
});

const WINDS = [
  ["北", "N"], ["东北偏北", "NNE"], ["东北", "NE"], ["东北偏东", "ENE"],
  ["东", "E"], ["东南偏东", "ESE"], ["东南", "SE"], ["东南偏南", "SSE"],
  ["南", "S"], ["西南偏南", "SSW"], ["西南", "SW"], ["西南偏西", "WSW"],
  ["西", "W"], ["西北偏西", "WNW"], ["西北", "NW"], ["西北偏北", "NNW"],
];
learn(Object.fromEntries(WINDS.map((names, i) => [`wind.${i}`, names])));

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

learn(Object.fromEntries(MONTHS.map((name, i) => [`month.${i + 1}`, [`${i + 1}月`, name]])));

/** Codes that speak for a check-in, and those that are only to be known; the rest refuse it. */
const FOR = new Set(["appeal.upheld", "cell.inside", "checkpoint.reached", "checkpoint.proven", "proof.valid"]);
const NOTES = new Set(["cell.uncertain", "cell.proven", "system.suspected", "proof.not_asked"]);

/** @param {string} code */
export function tone(code) {
  return FOR.has(code) ? "for" : NOTES.has(code) ? "note" : "against";
}

/**
 * Title and sentence of a reason or doubt in the chosen language.
 * @param {Record<string, Record<string, [string, string]>>} texts
 * @param {Record<string, any>} said  its code and fields
 * @param {Record<string, string>} [names]  of cells
 * @returns {[string, string]}
 */
export function sentence(texts, said, names = {}) {
  const [title, detail] = texts[worded(said)]?.[language()] ?? [said.code, ""];
  const fill = (/** @type {string} */ text) =>
    text.replace(/\{(\w+)\}/g, (_, name) => value(name, said[name], names));
  return [fill(title), fill(detail)];
}

/** Which words a reason is told in. @param {Record<string, any>} said */
function worded({ code, cell, located_cell: located }) {
  return code === "cell.outside" && cell && cell === located ? "cell.outside_by_error" : code;
}

/**
 * @param {string} name
 * @param {any} value
 * @param {Record<string, string>} names
 */
function value(name, value, names) {
  if (value === null || value === undefined) return name === "located_cell" ? t("no_cell") : "–";
  if (name === "hypothesis") return t(`system.${value}`);
  if (name === "cell" || name === "located_cell") return names[value] || String(value);
  if (name === "ahead_s" || name === "behind_s" || name === "waited_s") return span(value * 1000);
  return String(value);
}

/**
 * A bearing as one of sixteen winds.
 * @param {number} degrees  clockwise from north
 */
export const wind = (degrees) => t(`wind.${Math.round(degrees / 22.5) % 16}`);

/**
 * Metres as people say them.
 * @param {number} m
 */
export function distance(m) {
  const size = Math.abs(m);
  if (size >= 10_000) return t("kilometres", { n: Math.round(size / 1000) });
  if (size >= 1000) return t("kilometres", { n: (size / 1000).toFixed(1) });
  return t("metres", { n: size < 9.95 ? size.toFixed(1) : Math.round(size) });
}

/**
 * A day and a time of the district.
 * @param {string} at
 * @param {string} timeZone
 * @param {boolean} [seconds]
 */
export function moment(at, timeZone, seconds = false) {
  const parts = new Intl.DateTimeFormat("zh-CN", {
    month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
    hourCycle: "h23", timeZone,
  }).formatToParts(new Date(at));
  const fields = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  const second = seconds ? `:${fields.second}` : "";
  return t("moment", { ...fields, second, named: MONTHS[Number(fields.month) - 1] });
}

/**
 * A time of day of the district.
 * @param {string} at
 * @param {string} timeZone
 */
export function clock(at, timeZone) {
  return new Date(at).toLocaleTimeString("zh-CN", {
    hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone,
  });
}

/**
 * An element with text, as text.
 * @param {string} tag
 * @param {string} [text]
 * @param {string} [kind]  its class
 */
export function element(tag, text = "", kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

/**
 * A telephone number to be tapped.
 * @param {string} phone
 * @param {string} [text]  what is read instead of the number alone
 */
export function dial(phone, text = phone) {
  const link = element("a", text);
  link.setAttribute("href", `tel:${phone.replace(/[^\d+]/g, "")}`);
  return link;
}

/** Reasons that speak of where somebody was: how old that is belongs to them. */
const OF_PLACES = /^(cell|accuracy)\.|^checkpoint\.(not_reached|reached|proven)$/;
const FRESH_MS = 10_000;

/**
 * How old a fix was when it arrived: the corrected moment of observation against that of receipt.
 * @param {{observed_at: string, received_at: string}} checkIn
 */
export function age({ observed_at: observed, received_at: received }) {
  const ms = Date.parse(received) - Date.parse(observed);
  return ms < FRESH_MS ? t("age_fresh") : t("age", { span: span(ms) });
}

/**
 * The list items of reasons or doubts.
 * @param {Record<string, any>[]} all
 * @param {any} texts
 * @param {Record<string, string>} names
 * @param {(code: string) => string} [toneOf]
 * @param {string} [old]  how old the fix is, said with the first reason that is about its place
 */
export function reasonItems(all, texts, names, toneOf = tone, old = "") {
  const first = all.find((said) => OF_PLACES.test(said.code));
  return all.map((said) => {
    const [title, detail] = sentence(texts, said, names);
    const item = element("li", "", toneOf(said.code));
    item.dataset.code = said.code;
    item.append(element("b", title), element("p", detail));
    if (old && said === first) item.append(element("p", old, "age"));
    return item;
  });
}
