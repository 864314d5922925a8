// SPDX-License-Identifier: Apache-2.0
// The figures, the open incidents and the ticker. What people wrote goes in as text, never as HTML.

import { span, t } from "./words.js";

const TICKER_LENGTH = 40;
// States of an ask by which a worker has taken the incident.
const TOOK = new Set(["accepted", "arrived"]);

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
    const engaged = this.store.engaged();
    const states = { fresh: 0, engaged: 0, stale: 0, unseen: 0 };
    for (const worker of duty) states[this.store.stateOf(worker.id, engaged)] += 1;
    set("on-duty", duty.length);
    set("workers", workers.length);
    set("fresh", `${t("fresh")} ${states.fresh}`);
    set("engaged", `${t("engaged")} ${states.engaged}`);
    set("stale", `${t("stale")} ${states.stale + states.unseen}`);

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

    const running = [...this.store.all("linkups").values()].filter((row) => row.status === "open");
    const led = running.filter((row) => row.asked.some((ask) => TOOK.has(ask.state)));
    set("open-incidents", this.store.incidents().length);
    set("calling", running.length - led.length);
    set("connected", led.length);
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
    list.replaceChildren(...open.slice(0, 6).map((incident) => this.incident(incident)));
    document.getElementById("no-incidents").hidden = open.length > 0;
  }

  incident(incident) {
    const item = make("li", `${incident.severity}`);
    item.dataset.id = incident.id;
    const head = make("p", "head");
    head.append(make("b", "", incident.title), make("time", "", this.age(incident.reported_at)));
    const place = make("p", "place", incident.label || this.cellName(incident.cell));
    item.append(head, place);
    const asks = make("p", "asks");
    for (const ask of this.store.linkupOf(incident.id)?.asked ?? []) {
      if (ask.state === "released" || ask.state === "timed_out") continue;
      const name = ask.worker ? this.who(ask.worker) : t("somebody");
      asks.append(make("span", ask.state, `${name} ${t(`ask.${ask.state}`)}`));
    }
    if (!asks.childElementCount) asks.append(make("span", "", t(`status.${incident.status}`)));
    item.append(asks);
    return item;
  }

  age(instant) {
    return span(this.store.now() - Date.parse(instant));
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
      if (before && before.status === body.status) return null;
      const text = t(before ? "said.incident" : "said.incident_new", { title: body.title, status });
      return { kind: body.severity, text, where: body.label || this.cellName(body.cell) };
    }
    if (collection === "linkups") return this.linkupLine(kind, body, before);
    if (kind.startsWith("plan.")) return { kind: "", text: t("said.plan"), where: "" };
    return null;
  }

  linkupLine(kind, linkup, before) {
    const incident = this.store.all("incidents").get(linkup.incident);
    const title = incident?.title ?? "";
    if (kind === "linkup.exhausted") {
      return { kind: "emergency", text: t("said.exhausted", { title }), where: incident?.label ?? "" };
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
