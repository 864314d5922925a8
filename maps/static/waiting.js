// SPDX-License-Identifier: Apache-2.0
// What waits for a supervisor: appeals, phones to be read otherwise, checkpoints that stand badly;
// and what is doubted of whole days, which a worker sees of his own.

import { ask, decide, items } from "./ask.js";
import { distance, element, moment, reasonItems, wind } from "./patrol_words.js";
import { t } from "./words.js";

export class Waiting {
  /**
   * @param {any} page
   * @param {import("./place.js").Place} placing
   * @param {HTMLElement} place
   * @param {(worker: string) => string|undefined} who
   * @param {() => void} changed  verdicts of the day may stand otherwise now
   */
  constructor(page, placing, place, who, changed) {
    this.placing = placing;
    /** The checkpoint that the small map shows. @type {string|null} */
    this.mapped = null;
    this.changed = changed;
    /** How many were judged again just now, and how many stand otherwise. @type {number[]|null} */
    this.said = null;
    this.page = page;
    this.place = place;
    this.who = who;
    /** @type {Record<string, any[]>} */
    this.found = { appeals: [], findings: [], misplaced: [], days: [] };
  }

  /** Ask for each list that the reader may see. */
  async read() {
    const { lists } = this.page;
    await Promise.all(
      Object.keys(this.found).map(async (name) => {
        if (lists[name]) this.found[name] = await items(lists[name]);
      }),
    );
    this.show();
  }

  show() {
    const rows = {
      appeals: (one) => this.appeal(one),
      findings: (one) => this.finding(one),
      misplaced: (one) => this.misplaced(one),
      days: (one) => this.day(one),
    };
    const open = new Set([...this.place.querySelectorAll("details[open]")].map((one) => one.id));
    this.place.replaceChildren(
      ...Object.entries(this.found)
        .filter(([, found]) => found.length)
        .map(([name, found]) => {
          const panel = element("details");
          panel.id = `waiting-${name}`;
          panel.toggleAttribute("open", open.has(panel.id));
          const head = element("summary", t(`waiting.${name}`));
          head.append(element("b", String(found.length)));
          const list = element("ol");
          list.append(...found.map(rows[name]));
          panel.append(head);
          if (name === "days") panel.append(element("p", t("doubts_say"), "say"));
          panel.append(list);
          return panel;
        }),
    );
    const mapped = this.found.misplaced.find((one) => one.checkpoint === this.mapped);
    if (mapped) this.placing.show(mapped);
    if (this.said) {
      const [judged, changed] = this.said;
      const done = element("p", t("past_done", { judged, changed }));
      done.setAttribute("role", "status");
      this.place.prepend(done);
    }
  }

  /** @param {string} worker */
  name(worker) {
    return this.who(worker) ?? t("somebody");
  }

  /** @param {any} one */
  appeal(one) {
    const item = element("li");
    const link = element("a", this.name(one.worker));
    link.setAttribute("href", `/check-ins/${one.check_in}`);
    item.append(link, element("time", moment(one.made_at, this.page.time_zone)), element("p", one.text));
    return item;
  }

  /** @param {any} one */
  finding(one) {
    const item = element("li");
    const system = t(`system.${one.hypothesis}`);
    const worker = this.name(one.worker);
    item.append(element("b", worker), element("time", moment(one.since, this.page.time_zone)));
    const fields = { system, points: one.points };
    item.append(element("p", t(one.hypothesis === "none" ? "finding_none" : "finding_says", fields)));
    if (one.displaced_m !== null) {
      const shift = { distance: distance(one.displaced_m), bearing: Math.round(one.bearing_deg), wind: wind(one.bearing_deg) };
      item.append(element("p", t("finding_shift", shift)));
    }
    if (this.page.may.correct) {
      const buttons = element("p", "", "choices");
      const dismiss = element("button", t("dismiss"), "quiet");
      dismiss.addEventListener("click", () => this.dismiss(one, worker));
      const confirm = element("button", t("confirm"));
      confirm.addEventListener("click", () => this.confirm(one, worker, system));
      for (const button of [dismiss, confirm]) button.setAttribute("type", "button");
      buttons.append(dismiss, confirm);
      item.append(buttons);
    }
    return item;
  }

  /** @param {any} one */
  misplaced(one) {
    const item = element("li");
    const fields = { overturned: one.upheld, decided: one.decided, distance: distance(one.distance_m) };
    item.append(element("b", one.name), element("p", t("misplaced_says", fields)));
    item.append(element("code", `${one.suggested_lon}, ${one.suggested_lat}`));
    const buttons = element("p", "", "choices");
    const look = element("button", t(this.mapped === one.checkpoint ? "hide_map" : "show_map"), "quiet");
    look.addEventListener("click", () => {
      this.mapped = this.mapped === one.checkpoint ? null : one.checkpoint;
      this.show();
    });
    buttons.append(look);
    if (this.page.may.move) {
      const move = element("button", t("move_there"));
      move.addEventListener("click", () => this.move(one));
      buttons.append(move);
    }
    for (const button of buttons.children) button.setAttribute("type", "button");
    item.append(buttons);
    if (this.mapped === one.checkpoint) item.append(this.placing.box);
    return item;
  }

  /** @param {any} one */
  move(one) {
    const there = { lon: one.suggested_lon, lat: one.suggested_lat };
    decide({
      title: t("move_title", { name: one.name }),
      say: t("move_says", { distance: distance(one.distance_m), fixes: one.fixes }),
      choices: [{ name: "move_there" }],
      act: async () => {
        await ask(`${this.page.checkpoints}/${one.checkpoint}`, "PATCH", { point: there });
        this.mapped = null;
        await this.read();
      },
    });
  }

  /** Marks on a whole day, each with its reason. @param {any} one */
  day(one) {
    const item = element("li");
    const reasons = element("ul", "", "marks");
    reasons.append(...reasonItems(one.doubts, this.page.texts, {}, () => "note"));
    item.append(element("b", this.name(one.worker)), reasons);
    return item;
  }

  /** @param {any} one @param {string} worker @param {string} system */
  confirm(one, worker, system) {
    const none = one.hypothesis === "none";
    let until = "";
    decide({
      title: t("confirm_title", { worker }),
      say: t(none ? "confirm_none" : "confirm_says", { system }),
      choices: [{ name: "confirm" }],
      act: async () => {
        until = (await ask(`${this.page.findings}/${one.id}/confirm`, "POST")).decided_at;
        await this.read();
      },
      after: () => this.past(one, until),
    });
  }

  /**
   * Offer to judge again what the phone said before it was corrected.
   * @param {any} one @param {string} until
   */
  past(one, until) {
    if (!this.page.may.rejudge) return;
    decide({
      title: t("past_title"),
      say: t("past_says", { since: moment(one.since, this.page.time_zone) }),
      choices: [{ name: "rejudge" }],
      leave: "not_now",
      act: async () => {
        const said = { device: one.device, from: one.since, until, text: t("past_why") };
        let [judged, changed, cursor] = [0, 0, null];
        do {
          const done = await ask(`${this.page.check_ins}/re-judgements`, "POST", { ...said, cursor });
          [judged, changed, cursor] = [judged + done.judged, changed + done.changed, done.next];
        } while (cursor);
        this.said = [judged, changed];
        this.show();
        this.changed();
      },
    });
  }

  /** @param {any} one @param {string} worker */
  dismiss(one, worker) {
    decide({
      title: t("dismiss_title", { worker }),
      text: t("reason"),
      choices: [{ name: "dismiss" }],
      act: async (_, text) => {
        await ask(`${this.page.findings}/${one.id}/dismiss`, "POST", { text });
        await this.read();
      },
    });
  }
}
