// SPDX-License-Identifier: Apache-2.0
// Taking a call: the place as he types, who is near, and the alarm; the time of it is measured.

import { ask, uuid } from "./ask.js";
import { Finding } from "./desk_finding.js";
import { rangAfter } from "./desk_linkup.js";
import { Nearby } from "./desk_nearby.js";
import { t } from "./words.js";

// Severity -> whether Enter rings; Ctrl+Enter does the other. An emergency rings by itself.
const RINGS = { emergency: true, urgent: true, normal: false };

/**
 * @typedef {object} Hooks
 * @property {(id: string) => void} reported  an incident to look at
 * @property {(name: string, fields?: Record<string, string|number>, kind?: string) => void} said
 *   what came of it, for the officer: a word of the page, and what is filled in
 * @property {() => boolean} drill
 */

export class Intake {
  /**
   * @param {any} page
   * @param {import("./store.js").Store} store
   * @param {import("./desk_spots.js").Spots} spots
   * @param {(code: string|null) => string} cellName
   * @param {Hooks} hooks
   */
  constructor(page, store, spots, cellName, hooks) {
    this.page = page;
    this.store = store;
    this.spots = spots;
    this.hooks = hooks;
    this.form = /** @type {HTMLFormElement} */ (at("form"));
    this.place = /** @type {HTMLInputElement} */ (at("place"));
    this.what = /** @type {HTMLInputElement} */ (at("what"));
    this.finding = new Finding(page, spots, cellName, () => this.placed());
    this.nearby = new Nearby(page, store, spots, { join: (one) => this.join(one) });
    /** The incident that gets another place, instead of a call. @type {any} */
    this.moves = null;
    this.sent = { content: "", id: "" };
    this.busy = false;
    /** While the place is being looked up: the Enter that was pressed after the one that waits. */
    this.deciding = false;
    /** @type {{other: boolean}|null} */
    this.ahead = null;
    this.reset();
    this.listen();
    setInterval(() => this.tick(), 100);
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.next();
    });
    for (const first of ["keydown", "paste", "compositionstart"]) {
      this.place.addEventListener(first, (event) => {
        const key = /** @type {KeyboardEvent} */ (event).key;
        if (first !== "keydown" || key?.length === 1 || key === "Process") this.begin();
      });
    }
    this.place.addEventListener("input", (event) => {
      this.begin();
      this.step("place");
      // Letters of an unfinished Chinese word are no address.
      if (!(/** @type {InputEvent} */ (event).isComposing)) this.finding.type();
    });
    this.place.addEventListener("compositionend", () => this.finding.type());
    this.place.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || event.isComposing) return;
      event.preventDefault();
      this.finding.move(step);
    });
    this.form.addEventListener("keydown", (event) => {
      // A key that is held is pressed once: nothing is reported by a heavy finger.
      if (event.key === "Enter" && event.repeat) event.preventDefault();
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.next(true);
      }
    });
    this.form.addEventListener("change", () => {
      this.words();
      if (this.form.dataset.step === "facts") this.nearby.alike(this.finding.spot(), this.category());
    });
    at("send-other").addEventListener("click", () => this.next(true));
    at("unpin").addEventListener("click", () => {
      this.finding.unpin();
      this.place.focus();
    });
  }

  /** The first key: from here on time runs. */
  begin() {
    if (this.began !== null || this.moves) return;
    this.began = performance.now();
    this.heardAt = new Date(this.store.now()).toISOString();
    at("measured").hidden = true;
  }

  tick() {
    const watch = at("watch");
    if (this.began === null) {
      if (watch.textContent) watch.textContent = "";
      return;
    }
    const s = (performance.now() - this.began) / 1000;
    watch.textContent = t("desk.watch", { s: s.toFixed(1) });
    watch.classList.toggle("over", s > this.page.rings_within_s);
  }

  /** @param {"place"|"facts"} step */
  step(step) {
    this.form.dataset.step = step;
    if (step === "place") this.nearby.clear();
    this.words();
  }

  /** Enter: choose the place, then report. @param {boolean} [other]  ring where one would not */
  async next(other = false) {
    if (this.busy) return;
    if (this.deciding) {
      this.ahead = { other };
      return;
    }
    this.problem("");
    if (this.form.dataset.step === "facts") {
      await this.report(other ? !this.rings() : this.rings());
      return;
    }
    this.ahead = null;
    this.deciding = true;
    const found = await this.finding.decide();
    this.deciding = false;
    if (!found) return;
    if (this.moves) {
      await this.move();
      return;
    }
    this.open();
    // He was faster than the answer. What he has to be asked about first waits for him.
    if (this.ahead && this.finding.settled()) await this.next(this.ahead.other);
  }

  /** The place is chosen: who is near, and is it told already? */
  open() {
    this.step("facts");
    const spot = this.finding.spot();
    this.nearby.show(spot);
    this.nearby.alike(spot, this.category());
    this.what.focus();
  }

  /** Another candidate, or a pin: what was shown of the place before is not true any more. */
  placed() {
    const spot = this.finding.spot();
    if (spot) this.begin();
    this.nearby.fetch(spot);
    if (this.form.dataset.step === "facts") this.open();
    this.words();
  }

  /** @param {boolean} ring */
  async report(ring) {
    const content = this.content();
    const text = JSON.stringify(content);
    // The same again after a lost answer is the same incident; anything else is another one.
    if (this.sent.content !== text) this.sent = { content: text, id: uuid() };
    const { id } = this.sent;
    const body = { ...content, id, heard_at: this.heardAt };
    await this.while(t("desk.sending"), async () => {
      const incident = await ask(this.page.incidents, "POST", body);
      let { linkup } = incident;
      const located = incident.status !== "unlocated";
      if (ring && located && !linkup) {
        linkup = await ask(`${this.page.incidents}/${id}/linkup`, "POST", { id: uuid() });
      }
      this.tell(incident, linkup);
      this.reset();
      this.hooks.reported(id);
    });
  }

  /** What came of an alarm, and how long it took. @param {any} incident @param {any} linkup */
  tell(incident, linkup) {
    const { title } = incident;
    if (incident.status === "unlocated") this.hooks.said("desk.reported_unlocated", { title }, "over");
    else if (!linkup) this.hooks.said("desk.reported", { title });
    else if (!linkup.asked.length) this.hooks.said("desk.measured_none", {}, "over");
    else {
      const s = rangAfter(incident.heard_at, linkup);
      const fields = { s: s.toFixed(1), count: linkup.asked.length };
      this.hooks.said("desk.measured", fields, s > this.page.rings_within_s ? "over" : "within");
    }
  }

  /** The call as the service takes it, without what only measures. */
  content() {
    const drill = this.hooks.drill();
    const caller = { name: this.value("caller"), phone: this.value("phone") };
    return {
      title: this.value("what") || this.category(),
      category: this.category(),
      severity: this.severity(),
      place: this.finding.said(),
      ...(caller.name || caller.phone
        ? { reporter: Object.fromEntries(Object.entries(caller).filter(([, said]) => said)) }
        : {}),
      ...(drill ? { drill } : {}),
    };
  }

  /** Another call about a known incident. @param {any} known */
  async join(known) {
    if (this.busy) return;
    const text = [this.value("what"), this.place.value.trim()].filter(Boolean).join(" · ");
    const { reporter } = this.content();
    await this.while(t("desk.sending"), async () => {
      const url = `${this.page.incidents}/${known.id}/calls`;
      const { title, calls } = await ask(url, "POST", { id: uuid(), text: text || null, reporter });
      this.hooks.said("desk.joined", { title, calls });
      this.reset();
      this.hooks.reported(known.id);
    });
  }

  /** Give the incident its other place. */
  async move() {
    const { id } = this.moves;
    await this.while(t("desk.sending"), async () => {
      const { label } = await ask(`${this.page.incidents}/${id}/place`, "POST", this.finding.said());
      this.hooks.said("desk.placed", { place: label ?? "" });
      this.reset();
      this.hooks.reported(id);
    });
  }

  /** Begin to give an incident another place. @param {any} incident */
  relocate(incident) {
    this.reset();
    this.moves = incident;
    this.form.dataset.mode = "move";
    this.words();
    this.place.focus();
  }

  /** What was said of its place, to begin with; whoever types already knows better. */
  propose(incident, said) {
    if (this.moves !== incident || this.place.value || this.finding.pin || !said) return;
    this.place.value = said;
    this.place.select();
    this.finding.type();
  }

  /** One step back. */
  back() {
    if (this.form.dataset.step === "facts") {
      this.step("place");
      this.place.focus();
    } else {
      this.reset();
      this.place.focus();
    }
  }

  reset() {
    this.form.reset();
    this.moves = null;
    this.began = null;
    this.heardAt = null;
    this.form.dataset.mode = "new";
    this.finding.clear();
    this.problem("");
    this.step("place");
  }

  /** @param {string} doing @param {() => Promise<void>} act */
  async while(doing, act) {
    this.busy = true;
    at("send").textContent = doing;
    try {
      await act();
      this.place.focus();
    } catch (error) {
      this.problem(error.message);
    } finally {
      this.busy = false;
      this.words();
    }
  }

  /** The words of the form as it stands. */
  words() {
    const facts = this.form.dataset.step === "facts";
    const title = this.moves ? t("desk.relocate", { title: this.moves.title }) : t("desk.intake");
    at("intake-title").textContent = title;
    const severity = this.severity();
    const rings = this.rings();
    const send = facts ? (rings ? "send_ring" : "send_only") : this.moves ? "send_place" : "next";
    at("send").textContent = `${t(`desk.${send}`)} ↵`;
    const other = at("send-other");
    other.hidden = !facts || severity === "emergency";
    other.textContent = `${t(`desk.${rings ? "send_only" : "send_ring"}`)} Ctrl ↵`;
  }

  /** @param {string} text */
  problem(text) {
    at("problem").hidden = !text;
    at("problem").textContent = text;
  }

  rings() {
    return RINGS[this.severity()];
  }

  severity() {
    return this.value("severity");
  }

  category() {
    return this.value("category");
  }

  /** @param {string} name */
  value(name) {
    return String(new FormData(this.form).get(name) ?? "").trim();
  }

  /** @param {string} name @param {string} value */
  choose(name, value) {
    const found = this.form.querySelector(`input[name="${name}"][value="${value}"]`);
    /** @type {HTMLInputElement} */ (found).checked = true;
    this.form.dispatchEvent(new Event("change"));
  }
}

/** @param {string} id */
const at = (id) => document.getElementById(id);
