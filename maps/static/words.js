// SPDX-License-Identifier: Apache-2.0
// What the pages say, in Chinese first and in English.

/** @typedef {"zh"|"en"} Language */

/** @type {Record<string, [string, string]>} */
const WORDS = {
  title_login: ["登录 · 网格", "Sign in · Wangge"],
  title_docs: ["接口文档 · 网格", "Interface · Wangge"],
  title_me: ["我的网格 · 网格", "My cells · Wangge"],
  docs: ["接口文档", "Interface"],
  home: ["返回首页", "Back to the wall"],
  my_cells: ["我的网格", "My cells"],
  "role.holder": ["网格员", "holder"],
  "role.assistant": ["协助", "assistant"],
  "role.stand_in": ["代管", "stand-in"],
  "role.grid_leader": ["网格长", "grid leader"],
  work_page: ["上岗与应答", "Duty and calls"],
  my_phones: ["我的手机", "My phones"],
  phone_app: ["手机应用", "App on the phone"],
  phone_name: ["给手机起个名字", "A name for the phone"],
  pair_phone: ["配对我的手机", "Pair my phone"],
  pairing_code: ["配对二维码", "Pairing code"],
  "app.owntracks": ["OwnTracks", "OwnTracks"],
  "app.osmand": ["Traccar Client", "Traccar Client"],
  "app.browser": ["浏览器", "browser"],
  "app.android": ["安卓应用", "Android app"],
  "app.gpsd": ["gpsd", "gpsd"],
  "app.wechat": ["微信", "WeChat"],
  "scan.owntracks": [
    "在手机上装好 OwnTracks，用手机相机扫这个二维码，在应用中确认导入配置。到达巡查点会自动打卡。",
    "Install OwnTracks, scan this code with the phone's camera and confirm the import in the app. Reaching a checkpoint checks you in by itself.",
  ],
  "scan.osmand": [
    "在手机上装好 Traccar Client，在应用的设置里点扫码，扫这个二维码，然后打开跟踪。只上报位置，不打卡。",
    "Install Traccar Client, scan this code from the app's settings and switch tracking on. It reports positions only, it does not check in.",
  ],
  code_once: [
    "二维码只显示这一次，请勿转发：谁扫了它，谁就能以您的名义上报位置。",
    "The code is shown this once. Pass it on to nobody: whoever scans it reports positions in your name.",
  ],
  open_here: ["在本手机上打开", "Open on this phone"],
  pair_done: ["完成", "Done"],
  unpair: ["解除配对", "Unpair"],

  product: ["网格", "Wangge"],
  product_says: ["社区网格管理与服务平台", "Community grid service"],
  username: ["用户名", "User name"],
  password: ["密码", "Password"],
  sign_in: ["登录", "Sign in"],
  signing_in: ["正在登录…", "Signing in…"],
  no_service: ["连不上服务，请稍后再试。", "The service cannot be reached; try again."],
  sign_out: ["退出", "Sign out"],
  other_language: ["EN", "中文"],

  title: ["网格态势", "Grid overview"],
  simulated: ["模拟数据", "Simulated"],
  drill: ["演练", "Drill"],
  preview: ["预览", "Preview of"],
  "link.preview": ["非实时", "Not live"],
  previewed: ["当天的网格划分", "The division of that day"],
  previewed_cells: ["个网格", "cells"],
  changed_cells: ["个与今天不同", "not as they are today"],
  previewed_say: ["这里只预览划分。在岗、打卡、事件要到当天才有，今天的不在这里显示。", "The division alone is shown ahead. Duty, check-ins and incidents come with the day; today's are not shown here."],
  drill_runs: ["演练进行中", "Drill in progress"],
  overview: ["全区", "District"],
  legend: ["图例", "Legend"],
  fresh: ["在岗", "On duty"],
  engaged: ["处置中", "Engaged"],
  stale: ["位置过时", "Stale"],
  inside: ["界内", "Inside"],
  uncertain: ["存疑", "Uncertain"],
  outside: ["界外", "Outside"],
  emergency: ["紧急事件", "Emergency"],
  urgent: ["加急事件", "Urgent"],
  normal: ["一般事件", "Normal"],
  duty_page: ["连线接手", "Take charge"],
  check_ins_page: ["打卡记录", "Check-ins"],
  reports_page: ["连线时效", "Time to connect"],
  planner_page: ["网格规划", "Planner"],
  my_check_ins: ["我的打卡", "My check-ins"],
  covered: ["今日已打卡网格", "Checked in today"],

  on_duty: ["在岗网格员", "Workers on duty"],
  covered_cells: ["今日已打卡网格", "Cells checked in today"],
  check_ins: ["今日打卡", "Check-ins today"],
  open: ["未结事件", "Open"],
  unanswered: ["无人应答", "No answer"],
  calling: ["正在呼叫", "Calling"],
  connected: ["已连线", "Connected"],
  incidents: ["未结事件", "Open incidents"],
  no_incidents: ["当前没有未结事件", "Nothing is open"],
  more_incidents: ["另有 {count} 件", "+{count} more"],
  ticker: ["最新动态", "Latest"],

  "status.unlocated": ["待定位", "to be located"],
  "status.open": ["待呼叫", "not called yet"],
  "status.calling": ["正在呼叫", "calling"],
  "status.unanswered": ["无人应答，请人工处置", "nobody answers: act yourself"],
  "status.linked": ["已连线", "connected"],
  "status.closed": ["已结案", "closed"],
  "ask.asked": ["正在呼叫", "calling"],
  "ask.accepted": ["已接受", "accepted"],
  "ask.arrived": ["已到场", "arrived"],
  "ask.declined": ["已谢绝", "declined"],
  "ask.timed_out": ["未应答", "no answer"],
  "level.grid_leader": ["网格长", "grid leader"],
  "level.community": ["社区", "community"],
  "level.subdistrict": ["街道", "subdistrict"],
  "level.command": ["指挥中心", "command"],
  "climb.asked": ["逐级上报 · 正在呼叫{level}", "climbing · calling {level}"],
  "climb.acknowledged": ["{who} 已确认负责", "{who} has taken responsibility"],
  lead_off: ["接办人已下岗", "the lead went off duty"],
  uncovered: ["{count} 个网格暂时无人", "{count} cells left empty"],
  "asks.asked": ["正在呼叫 {count} 人", "calling {count}"],
  "asks.declined": ["{count} 人谢绝", "{count} declined"],
  "asks.timed_out": ["{count} 人未应答", "{count} gave no answer"],
  "ask.late": ["迟到的应答", "late"],
  "ask.released": ["已解除", "released"],

  "link.connecting": ["正在连接…", "Connecting…"],
  "link.live": ["实时", "Live"],
  "link.live_since": ["实时 · 最近动态 {age}前", "Live · last event {age} ago"],
  "link.lost": ["连接中断", "Connection lost"],
  "alarm.lost": [
    "连接中断，画面停在 {time}，已过 {age}，正在重新连接",
    "Connection lost. This picture is of {time}, {age} ago. Reconnecting.",
  ],
  "alarm.signed_out": ["登录已失效，请重新登录", "The session has ended; sign in again"],

  "said.on_duty": ["{who} 上岗", "{who} went on duty"],
  "said.off_duty": ["{who} 下岗", "{who} went off duty"],
  "said.check_in": ["{who} 打卡 · {verdict}", "{who} checked in · {verdict}"],
  "said.check_in_refused": ["{who} 打卡未通过 · {verdict}", "{who}: check-in refused · {verdict}"],
  "said.unassigned": ["无网格", "no cell"],
  "said.incident_new": ["新事件 · {title}", "Reported · {title}"],
  "said.incident": ["{title} · {status}", "{title} · {status}"],
  "said.calling": ["{title} · 呼叫 {count} 人", "{title} · calling {count}"],
  "said.lead": ["{title} · {who} 前往", "{title} · {who} takes it"],
  "said.arrived": ["{title} · {who} 到场", "{title} · {who} arrived"],
  "said.ring": ["{title} · 扩大到第 {ring} 圈", "{title} · ring {ring}"],
  "said.exhausted": ["{title} · 无人应答，请人工处置", "{title} · nobody answers: act yourself"],
  "said.lead_off": ["{title} · 接办人已下岗，请处置", "{title} · the lead went off duty: act"],
  "said.plan": ["网格方案有更新", "The plan of the grid has changed"],

  somebody: ["网格员", "A worker"],
  seconds: ["{n} 秒", "{n} s"],
  minutes: ["{n} 分", "{n} min"],
  hours: ["{n} 小时", "{n} h"],
};

/**
 * Words of one page beside those that all pages share.
 * @param {Record<string, [string, string]>} more
 */
export function learn(more) {
  Object.assign(WORDS, more);
}

const KEY = "wangge-language";

/** @returns {Language} */
export function language() {
  // Chinese first, whatever the browser was made for: a wall is set up once, by anybody.
  return localStorage.getItem(KEY) === "en" ? "en" : "zh";
}

/** Speak the other language from now on, here and on the next page. */
export function otherLanguage() {
  localStorage.setItem(KEY, language() === "zh" ? "en" : "zh");
  speak();
}

/**
 * The words for a key; `{name}` in them is filled in.
 * @param {string} key
 * @param {Record<string, string|number>} [fields]
 */
export function t(key, fields = {}) {
  const said = WORDS[key]?.[language() === "en" ? 1 : 0] ?? key;
  return said.replace(/\{(\w+)\}/g, (_, name) => String(fields[name] ?? ""));
}

/** Put the words of the chosen language on everything that is marked for them. */
export function speak() {
  document.documentElement.lang = language() === "en" ? "en" : "zh-CN";
  for (const marked of document.querySelectorAll("[data-t]")) {
    marked.textContent = t(/** @type {HTMLElement} */ (marked).dataset.t ?? "");
  }
  for (const marked of document.querySelectorAll("[data-zh]")) {
    marked.textContent = /** @type {HTMLElement} */ (marked).dataset[language()] ?? "";
  }
  const button = document.getElementById("language");
  if (button) button.textContent = t("other_language");
}

/**
 * A span of time in the largest fitting unit.
 * @param {number} ms
 */
export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 120) return t("seconds", { n: s });
  if (s < 7200) return t("minutes", { n: Math.round(s / 60) });
  return t("hours", { n: Math.round(s / 3600) });
}
