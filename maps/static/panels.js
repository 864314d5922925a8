// SPDX-License-Identifier: Apache-2.0
// The figures, the open incidents and the ticker. What people wrote goes in as text, never as HTML.

import { span, t } from "./words.js";

const TICKER_LENGTH = 40;
// More fit on no screen.
const LISTED = 12;
// Up to so many of a kind are called by name.
const NAMED = 2;

export class Panels {
  /**
   * @param {import("./store.js").Store} store
   * @param {(worker: string) => string} who
   * @param {(cell: string|null) => string} cellName
   * @param {string} zone
   */
  constructor(store, who, cellName, zone) {
    this.store = store;
    this.who = who;
    this.cellName = cellName;
    this.time = new Intl.DateTimeFormat("zh-CN", {
      hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zone,
    });
    this.cells = 0;
  }

  /** Every figure anew: cheap enough to be right. */
  figures() {
    // Whoever has left holds no cell any more.
    const workers = [...this.store.all("workers").values()].filter((row) => row.cells.length);
    const duty = workers.filter((worker) => worker.on_duty);
    set("on-duty", duty.length);
    set("workers", workers.length);
    // Whoever may not see people is told how many are on duty, not how they are.
    if (document.getElementById("fresh")) {
      const engaged = this.store.engaged();
      const states = { fresh: 0, engaged: 0, stale: 0, unseen: 0 };
      for (const worker of duty) states[this.store.stateOf(worker.id, engaged)] += 1;
      set("fresh", `${t("fresh")} ${states.fresh}`);
      set("engaged", `${t("engaged")} ${states.engaged}`);
      set("stale", `${t("stale")} ${states.stale + states.unseen}`);
    }

    const checkIns = [...this.store.all("check_ins").values()];
    const verdicts = { inside: 0, uncertain: 0, outside: 0 };
    for (const { verdict } of checkIns) if (verdict) verdicts[verdict] += 1;
    set("check-ins", checkIns.length);
    for (const [verdict, count] of Object.entries(verdicts)) {
      set(verdict, `${t(verdict)} ${count}`);
      bar(`${verdict}-bar`, checkIns.length ? count / checkIns.length : 0);
    }
    const covered = this.covered();
    set("covered", covered.size);
    set("cells", this.cells || "–");
    bar("covered-bar", this.cells ? covered.size / this.cells : 0);

    const all = this.store.incidents();
    // A drill is shown and marked, and counts nowhere.
    const open = all.filter((incident) => incident.origin !== "drill");
    document.getElementById("drill").hidden = open.length === all.length;
    const standing = { calling: 0, unanswered: 0, linked: 0 };
    for (const incident of open) standing[this.store.standing(incident)] += 1;
    set("open-incidents", open.length);
    set("calling", standing.calling);
    set("unanswered", standing.unanswered);
    set("connected", standing.linked);
    document.getElementById("unanswered").classList.toggle("act", standing.unanswered > 0);
    const simulated = [...workers, ...checkIns].some((row) => row.origin === "simulated");
    document.getElementById("origin").hidden = !simulated;
  }

  /** Cells with an accepted check-in today. */
  covered() {
    const found = new Set();
    for (const checkIn of this.store.all("check_ins").values()) {
      if (checkIn.accepted && checkIn.cell) found.add(checkIn.cell);
    }
    return found;
  }

  incidents() {
    const list = document.getElementById("incidents");
    const open = this.store.incidents();
    const more = document.getElementById("more-incidents");
    list.replaceChildren(...open.slice(0, LISTED).map((incident) => this.incident(incident)));
    const tell = () => {
      const count = open.length - list.childElementCount;
      more.hidden = count === 0;
      more.textContent = t("more_incidents", { count });
    };
    document.getElementById("no-incidents").hidden = open.length > 0;
    tell();
    // The ticker keeps its room: what does not fit above it is counted.
    while (list.childElementCount > 1 && list.scrollHeight > list.clientHeight + 1) {
      list.lastElementChild.remove();
      tell();
    }
  }

  incident(incident) {
    const item = make("li", `${incident.severity} ${incident.origin}`);
    item.dataset.id = incident.id;
    const head = make("p", "head");
    if (incident.origin === "drill") head.append(make("i", "drill-mark", t("drill")));
    head.append(make("b", "", incident.title), make("time", "", this.age(incident.reported_at)));
    const place = make("p", "place", incident.label || this.cellName(incident.cell));
    item.append(head, place);
    const asks = make("p", "asks");
    const standing = this.store.standing(incident);
    const linkup = this.store.linkupOf(incident.id);
    const asked = linkup?.asked ?? [];
    const running = standing !== "open" && standing !== "unlocated";
    if (standing === "unanswered") asks.append(make("span", standing, t("status.unanswered")));
    for (const state of ["arrived", "accepted", "asked", "late", "declined", "timed_out"]) {
      const those = running ? asked.filter((ask) => ask.state === state) : [];
      asks.append(...this.asks(state, those));
    }
    const step = this.store.stepOf(linkup);
    if (step && standing !== "unanswered") asks.append(make("span", "asked", this.climbing(step)));
    if (linkup?.lead_off_at) asks.append(make("span", "unanswered", t("lead_off")));
    if (linkup?.uncovered?.length) {
      asks.append(make("span", "", t("uncovered", { count: linkup.uncovered.length })));
    }
    if (!asks.childElementCount) asks.append(make("span", "", t(`status.${standing}`)));
    item.append(asks);
    return item;
  }

  /** What a step of the climb says. */
  climbing(step) {
    const level = t(`level.${step.level}`);
    if (step.state !== "acknowledged") return t("climb.asked", { level });
    return t("climb.acknowledged", { who: step.by?.name ?? level });
  }

  /** Those whose ask stands alike: a few by name, many by number. */
  asks(state, those) {
    const number = t(`asks.${state}`, { count: those.length });
    const counted = ["asked", "declined", "timed_out"].includes(state);
    if (counted && (those.length > NAMED || those.some((ask) => !ask.worker) || state === "timed_out")) {
      return those.length ? [make("span", state, number)] : [];
    }
    return those.map((ask) => {
      const name = ask.worker ? this.who(ask.worker) : t("somebody");
      return make("span", state, `${name} ${t(`ask.${state}`)}`);
    });
  }

  age(instant) {
    return span(this.store.now() - Date.parse(instant));
  }

  /** Begin the ticker with what the snapshot knows of today, so that a new wall is not blank. */
  recall() {
    document.getElementById("ticker").replaceChildren();
    const dated = (collection, field) =>
      [...this.store.all(collection).values()].map((body) => ({
        collection, kind: "", body, at: body[field],
      }));
    [...dated("check_ins", "observed_at"), ...dated("incidents", "reported_at")]
      .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
      .slice(-TICKER_LENGTH / 2)
      .forEach((said) => this.tick(said, undefined));
  }

  /**
   * A line of the ticker for an event, if it is worth one.
   * @param {any} said
   * @param {any} before
   */
  tick(said, before) {
    const line = this.line(said, before);
    if (!line) return;
    const item = make("li", line.kind);
    item.append(
      make("time", "", this.time.format(new Date(said.at))),
      make("span", "", line.text),
    );
    if (line.where) item.append(make("small", "", line.where));
    const list = document.getElementById("ticker");
    list.prepend(item);
    while (list.childElementCount > TICKER_LENGTH) list.lastElementChild.remove();
  }

  line({ collection, kind, body }, before) {
    if (collection === "workers") {
      if (before && before.on_duty === body.on_duty) return null;
      const key = body.on_duty ? "said.on_duty" : "said.off_duty";
      return { kind: "duty", text: t(key, { who: this.who(body.id) }), where: this.cellName(body.cells[0]?.cell) };
    }
    if (collection === "check_ins") {
      const verdict = body.verdict ? t(body.verdict) : t("said.unassigned");
      const key = body.accepted ? "said.check_in" : "said.check_in_refused";
      const text = t(key, { who: this.who(body.worker), verdict });
      return { kind: body.verdict ?? "", text, where: this.cellName(body.cell) };
    }
    if (collection === "incidents") {
      const status = t(`status.${body.status}`);
      // That it is linked is said by who takes it.
      if (before && (before.status === body.status || body.status === "linked")) return null;
      const title = (body.origin === "drill" ? `【${t("drill")}】` : "") + body.title;
      const text = t(before ? "said.incident" : "said.incident_new", { title, status });
      return { kind: body.severity, text, where: body.label || this.cellName(body.cell) };
    }
    if (collection === "linkups") return this.linkupLine(kind, body, before);
    if (kind.startsWith("plan.")) return { kind: "", text: t("said.plan"), where: "" };
    return null;
  }

  linkupLine(kind, linkup, before) {
    const incident = this.store.all("incidents").get(linkup.incident);
    const mark = linkup.origin === "drill" ? `【${t("drill")}】` : "";
    const title = mark + (incident?.title ?? "");
    if (kind === "linkup.exhausted") {
      return { kind: "emergency", text: t("said.exhausted", { title }), where: incident?.label ?? "" };
    }
    if (kind === "linkup.lead_off") {
      return { kind: "emergency", text: t("said.lead_off", { title }), where: incident?.label ?? "" };
    }
    const step = this.store.stepOf(linkup);
    if (step && (kind === "linkup.climbed" || kind === "linkup.acknowledged")) {
      return { kind: "call", text: `${title} · ${this.climbing(step)}` };
    }
    if (!before) {
      const text = t("said.calling", { title, count: linkup.asked.length });
      return { kind: "call", text, where: incident?.label ?? "" };
    }
    const was = new Map(before.asked.map((ask) => [ask.worker ?? ask.rank, ask.state]));
    for (const ask of linkup.asked) {
      if (was.get(ask.worker ?? ask.rank) === ask.state) continue;
      const who = ask.worker ? this.who(ask.worker) : t("somebody");
      if (ask.state === "accepted") return { kind: "call", text: t("said.lead", { title, who }) };
      if (ask.state === "arrived") return { kind: "call", text: t("said.arrived", { title, who }) };
    }
    if (linkup.ring > before.ring) {
      return { kind: "call", text: t("said.ring", { title, ring: linkup.ring }) };
    }
    return null;
  }
}

/**
 * @param {string} id
 * @param {string|number} text
 */
function set(id, text) {
  const element = document.getElementById(id);
  if (element.textContent !== String(text)) element.textContent = String(text);
}

/**
 * @param {string} id
 * @param {number} share
 */
function bar(id, share) {
  document.getElementById(id).style.setProperty("--share", String(share));
}

/**
 * @param {string} tag
 * @param {string} kind
 * @param {string} [text]
 */
function make(tag, kind, text) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
}
