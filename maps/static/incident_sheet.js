// SPDX-License-Identifier: Apache-2.0
// One incident on paper: what it is, and who did what when. What people wrote goes in as text.

import "./desk_words.js";
import { element, moment } from "./patrol_words.js";
import { learn, otherLanguage, span, speak, t } from "./words.js";

learn({
  "sheet.office": ["党建引领基层治理指挥中心", "Command centre"],
  "sheet.title": ["事件处置记录", "Incident record"],
  "sheet.number": ["编号", "No."],
  "sheet.drill": ["演练", "DRILL"],
  "sheet.story": ["处置经过", "What was done"],
  "sheet.when": ["时间", "When"],
  "sheet.who": ["经办", "Who"],
  "sheet.act": ["事项", "What"],
  "sheet.system": ["系统", "the service"],
  "sheet.signature": ["值班员签字：", "Signature:"],
  "sheet.printed": ["{who} 于 {when} 打印", "Printed by {who}, {when}"],
  "sheet.status": ["状态", "Status"],
  "sheet.status.unlocated": ["待定位", "without a place"],
  "sheet.status.open": ["未结", "open"],
  "sheet.status.linked": ["已连线", "connected"],
  "sheet.status.closed": ["已结案", "closed"],
  "sheet.title_of": ["事由", "What"],
  "sheet.calls": ["来电", "Calls"],
  "sheet.heard": ["接警开始", "Taken down from"],
  "sheet.heard_says": ["{when}（{span}后上报）", "{when} (reported {span} later)"],
  "sheet.closed": ["结案时间", "Closed"],
  "sheet.point": ["坐标", "Coordinates"],

  "story.reported": ["上报：{severity}，{place}", "Reported: {severity}, {place}"],
  "story.unlocated": ["地点待定", "no place yet"],
  "story.placed": ["位置定为 {place}", "Placed at {place}"],
  "story.asked": ["第 {ring} 圈呼叫：{names}", "Ring {ring} asked: {names}"],
  "story.accepted": ["{names} 接受，前往处置", "{names} accepted and sets out"],
  "story.arrived": ["{names} 到达现场", "{names} arrived"],
  "story.declined": ["{names} 谢绝", "{names} declined"],
  "story.timed_out": ["{names} 未在时限内应答", "{names} did not answer in time"],
  "story.late": ["{names} 逾时应答", "{names} answered too late"],
  "story.released": ["解除对 {names} 的呼叫", "{names} released"],
  "story.exhausted": ["已无人可呼叫，请值班员处置", "Nobody is left to ask: the duty officer must act"],
  "story.climb_asked": ["上呼{level}：{names}", "Climbed to {level}: {names}"],
  "story.climb_unmanned": ["{level}无人担任，继续上呼", "{level}: nobody holds this post"],
  "story.climb_acknowledged": ["{level} {names} 负责处置", "{level}: {names} took charge"],
  "story.climb_declined": ["{level} {names} 谢绝", "{level}: {names} declined"],
  "story.climb_timed_out": ["{level} {names} 未在时限内应答", "{level}: {names} did not answer in time"],
  "story.climb_released": ["解除对{level} {names} 的呼叫", "{level}: {names} released"],
  "story.wrote": ["留言", "Wrote"],
  "story.call_spoke": ["与 {names} 接通电话", "Spoke with {names}"],
  "story.call_hung_up": ["与 {names} 通话结束，{seconds} 秒", "The call with {names} ended after {seconds} s"],
  "story.call_missed": ["与 {names} 的电话未接通", "The call with {names} was not answered"],
  "story.called": ["又有来电", "Somebody else called"],
  "story.transferred": ["移交 {name}", "Handed to {name}"],
  "story.merged_in": ["“{title}”并入本事件", "“{title}” was merged into this one"],
  "story.merged": ["并入事件 {into}", "Merged into {into}"],
  "story.closed": ["结案", "Closed"],
});

const page = JSON.parse(document.getElementById("page").textContent);
const { incident, story } = page;
const when = (/** @type {string} */ at) => moment(at, page.time_zone, true);

function facts() {
  const rows = [];
  const row = (name, value) => {
    if (!value) return;
    const line = element("tr");
    line.append(element("th", t(name)), element("td", value));
    rows.push(line);
  };
  const reporter = Object.values(incident.reporter ?? {}).join(" · ");
  row("sheet.title_of", incident.title);
  row("desk.category", `${t(`category.${incident.category}`).replace("category.", "")} · ${t(`severity.${incident.severity}`)}`);
  row("sheet.status", t(`sheet.status.${incident.status}`));
  row("detail.place", incident.label || t("story.unlocated"));
  if (incident.said && incident.said !== incident.label) row("detail.place", t("detail.said", { said: incident.said }));
  row("detail.cell", incident.cell);
  if (incident.lon !== null) row("sheet.point", `${incident.lon.toFixed(6)}, ${incident.lat.toFixed(6)} (WGS-84)`);
  row("detail.caller", reporter);
  if (incident.calls > 1) row("sheet.calls", t("desk.calls", { count: incident.calls }));
  row("detail.reported", when(incident.reported_at));
  if (incident.heard_at) {
    const later = span(Date.parse(incident.reported_at) - Date.parse(incident.heard_at));
    row("sheet.heard", t("sheet.heard_says", { when: when(incident.heard_at), span: later }));
  }
  row("detail.department", incident.department);
  if (incident.closed_at) row("sheet.closed", when(incident.closed_at));
  row("detail.outcome", incident.outcome);
  return rows;
}

/** @param {any} act */
function line(act) {
  const fields = {
    ...act,
    names: (act.workers ?? act.names ?? []).join("、"),
    level: act.level ? t(`level.${act.level}`) : "",
    place: act.label || t("story.unlocated"),
    severity: act.severity ? t(`severity.${act.severity}`) : "",
  };
  const row = element("tr");
  const what = element("td", t(`story.${act.code}`, fields));
  const more = [act.text, Object.values(act.reporter ?? {}).join(" · ")];
  if (act.code === "closed") more.push(incident.outcome);
  for (const said of more.filter(Boolean)) what.append(element("small", said));
  row.append(element("td", when(act.at)), element("td", act.by ?? t("sheet.system")), what);
  return row;
}

function show() {
  speak();
  document.getElementById("number").textContent = incident.id;
  document.getElementById("drill").hidden = incident.origin !== "drill";
  document.getElementById("facts").replaceChildren(...facts());
  document.getElementById("story").replaceChildren(...story.map(line));
  document.getElementById("printed").textContent = t("sheet.printed", {
    who: page.printed_by, when: when(page.printed_at),
  });
}

document.getElementById("language").addEventListener("click", () => {
  otherLanguage();
  show();
});
document.getElementById("print").addEventListener("click", () => print());
show();
