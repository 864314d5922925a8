// SPDX-License-Identifier: Apache-2.0
// From alarm to connected worker: by hour and by area, never by person.

import { ask } from "./ask.js";
import { uprightBars } from "./charts.js";
import { element } from "./patrol_words.js";
import { language, learn, otherLanguage, speak, t } from "./words.js";

learn({
  title_reports: ["连线时效 · 网格", "Time to connect · Wangge"],
  reports_title: ["连线时效", "Time to connect"],
  reports_says: [
    "从报警起算的秒数，按时段与区域统计，不对个人排名。",
    "Seconds from the alarm on, by hour and by area. Nobody is ranked.",
  ],
  "origin.real": ["实战", "Real"],
  "origin.drill": ["演练", "Drill"],
  "origin.simulated": ["模拟", "Simulated"],
  "days.1": ["24 小时", "24 hours"],
  "days.7": ["7 天", "7 days"],
  "days.30": ["30 天", "30 days"],
  "days.365": ["一年", "One year"],
  key_to_ask: ["首次按键到呼叫", "first key to the first ask"],
  to_ask: ["到首次呼叫", "to the first ask"],
  to_accept: ["到接办", "to the acceptance"],
  to_connect: ["到通话", "to the call"],
  count: ["次数", "count"],
  p50: ["中位数", "median"],
  p90: ["90%", "p90"],
  p95: ["95%", "p95"],
  most: ["最长", "longest"],
  by_hour: ["按报警时段", "By the hour of the alarm"],
  by_area: ["按区域", "By area"],
  area: ["区域", "Area"],
  linkups: ["连线", "linkups"],
  accepted: ["已接办", "accepted"],
  connected: ["已通话", "connected"],
  timeouts: ["应答超时", "timeouts"],
  climbed: ["逐级上报", "climbed"],
  to_command: ["上报至指挥中心", "to command"],
  seconds_unit: ["秒", "s"],
  whisker: ["柱为中位数，须线到 95%", "bar: median; whisker: p95"],
  none_reported: ["这段时间没有连线。", "No linkups in this time."],
  up: ["上一级", "up"],
});

const page = JSON.parse(document.getElementById("page").textContent);
// A page is looked at on a clock of its own; the service's counts.
const ahead = Date.parse(page.now) - Date.now();
const MEASURES = ["key_to_ask", "to_ask", "to_accept", "to_connect"];
const chosen = { days: "30", origin: "real", measure: "to_accept", within: page.within };
/** @type {any} */
let report = null;
let asked = 0;

/** @param {string} id */
const at = (id) => document.getElementById(id);

async function read() {
  const mine = ++asked;
  const until = Date.now() + ahead;
  const query = new URLSearchParams({
    from: new Date(until - Number(chosen.days) * 86_400_000).toISOString(),
    until: new Date(until).toISOString(),
    within: chosen.within,
    origin: chosen.origin,
  });
  try {
    const said = await ask(`${page.report}?${query}`);
    if (mine !== asked) return;
    report = said;
    at("problem").hidden = true;
  } catch (error) {
    if (mine !== asked) return;
    at("problem").textContent = error.message;
    at("problem").hidden = false;
  }
  draw();
}

/** @param {string} name @param {string[]} values @param {string} prefix */
function choice(name, values, prefix) {
  const group = element("div", "", "choice");
  group.setAttribute("role", "group");
  for (const value of values) {
    const button = element("button", t(prefix + value));
    button.type = "button";
    button.setAttribute("aria-pressed", String(chosen[name] === value));
    button.addEventListener("click", () => {
      chosen[name] = value;
      if (name === "measure") draw();
      else read();
    });
    group.append(button);
  }
  return group;
}

/** @param {number|null} value */
const seconds = (value) => (value === null ? "–" : value.toLocaleString(language() === "en" ? "en" : "zh-CN"));

/** @param {any} spread */
function title(spread) {
  return ["count", "p50", "p90", "p95", "most"]
    .map((name) => `${t(name)} ${seconds(spread[name])}`)
    .join(" · ");
}

function draw() {
  speak();
  at("choices").replaceChildren(
    choice("days", ["1", "7", "30", "365"], "days."),
    choice("origin", page.origins, "origin."),
    choice("measure", MEASURES, ""),
  );
  document.body.dataset.origin = chosen.origin;
  if (!report) return;
  const { total, names } = report;
  const none = total.linkups === 0;
  at("none").hidden = !none;
  at("shown").hidden = none;
  at("where").textContent = names[report.within] ?? report.within;
  at("up").hidden = report.within === page.within;
  at("figures").replaceChildren(
    ...["linkups", "accepted", "connected", "timeouts", "climbed", "to_command"].map((name) => {
      const figure = element("div");
      figure.append(element("dt", t(name)), element("dd", seconds(total[name])));
      return figure;
    }),
  );
  at("spreads").replaceChildren(
    row("th", ["", t("count"), t("p50"), t("p90"), t("p95"), t("most")]),
    ...MEASURES.map((name) => {
      const one = total[name];
      return row("td", [t(name), ...["count", "p50", "p90", "p95", "most"].map((part) => seconds(one[part]))]);
    }),
  );
  const words = { unit: t("seconds_unit"), label: `${t("by_hour")} · ${t(chosen.measure)}` };
  const found = new Map(report.by_hour.map((one) => [one.key, one[chosen.measure]]));
  const hours = [...Array(24).keys()].map((hour) => String(hour).padStart(2, "0"));
  at("hours").replaceChildren(uprightBars(hours.map((hour) => bar(hour, found.get(hour))), words));
  at("areas").replaceChildren(
    row("th", [t("area"), t("linkups"), t("p50"), t("p90"), t("p95"), t("most"), t("timeouts"), t("climbed")]),
    ...report.by_area.map((one) => {
      const spread = one[chosen.measure];
      const line = row("td", [
        "", seconds(one.linkups), ...["p50", "p90", "p95", "most"].map((part) => seconds(spread[part])),
        seconds(one.timeouts), seconds(one.climbed),
      ]);
      line.firstChild.append(area(one.key, names[one.key] ?? one.key));
      return line;
    }),
  );
}

/** @param {string} label @param {any} spread */
function bar(label, spread) {
  return {
    label,
    middle: spread?.p50 ?? null,
    tail: spread?.p95 ?? null,
    title: spread ? `${label}:00 · ${title(spread)}` : `${label}:00`,
  };
}

/** An area is opened by its name, down to the cells. @param {string} code @param {string} name */
function area(code, name) {
  if (code.length >= 15) return element("span", name);
  const button = element("button", name, "link");
  button.type = "button";
  button.addEventListener("click", () => go(code));
  return button;
}

/** @param {string} code */
function go(code) {
  chosen.within = code;
  read();
}

/** @param {string} tag @param {string[]} cells */
function row(tag, cells) {
  const line = element("tr");
  line.append(...cells.map((cell) => element(tag, cell)));
  return line;
}

at("up").addEventListener("click", () => go(chosen.within.slice(0, -3)));
at("language").addEventListener("click", () => {
  otherLanguage();
  draw();
});
draw();
read();
