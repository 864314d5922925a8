// SPDX-License-Identifier: Apache-2.0
// What a worker sees below the map: the call that rings, the task he has taken, or his duty.

import { ask } from "./ask.js";
import { channel } from "./channel.js";
import { element } from "./patrol_words.js";
import { tellCaller } from "./told.js";
import { speak, t } from "./words.js";

const WHY = ["why.busy", "why.far", "why.unwell", "why.stuck"];
const MINE = new Set(["asked", "accepted", "arrived"]);
const GRAVE = { emergency: 2, urgent: 1, normal: 0 };
const TICK_MS = 250;
// A thumb on its way does not see that a button has changed: until then it means what it said before.
const REACTION_MS = 400;
// What was said this long ago is not about the call that rings now.
const OLD_MS = 1000;

/** @param {string} id */
const find = (id) => document.getElementById(id);

export class Panel {
  /** @param {any} parts  page, store, way, route, bell, sharing; act and duty do what the buttons say */
  constructor(parts) {
    Object.assign(this, parts);
    this.state = { wanted: false, problem: "", busy: false };
    /** What the service says of incidents beyond the feed: who called, and what he said. */
    this.details = new Map();
    /** @type {{incident: string, linkup: string, widget: import("./channel.js").Channel}|null} */
    this.mounted = null;
    this.mode = "";
    /** What the duty button says, what it said before, since when, and what it said when pressed. */
    this.label = { on: true, before: true, at: 0 };
    /** @type {boolean|null} */
    this.pressed = null;
    this.noticedAt = 0;
    find("ready").addEventListener("click", () => this.bell.test());
    find("accept").addEventListener("click", () => this.answer("accept"));
    find("decline").addEventListener("click", () => this.why(true));
    find("back").addEventListener("click", () => this.why(false));
    find("arrive").addEventListener("click", () => this.answer("arrive"));
    find("other").addEventListener("click", () => this.turn());
    find("duty").addEventListener("pointerdown", () => {
      this.pressed = this.said();
    });
    find("duty").addEventListener("click", ({ detail }) => {
      this.switchDuty(detail && this.pressed !== null ? this.pressed : this.said());
    });
    this.reasons();
    find("notice").querySelector("button").addEventListener("click", () => this.notice(""));
    setInterval(() => this.tick(), TICK_MS);
  }

  /** How this worker's own ask stands. @param {any} linkup */
  own(linkup) {
    return linkup?.asked?.find((one) => one.worker === this.page.worker);
  }

  /** The linkups that are his, with their incidents: those that ring first, the gravest first. */
  mine() {
    const found = [];
    for (const linkup of this.store.all("linkups").values()) {
      const incident = this.store.all("incidents").get(linkup.incident);
      const own = this.own(linkup);
      if (!incident || incident.status === "closed" || linkup.status !== "open") continue;
      if (own && MINE.has(own.state)) found.push({ linkup, incident, own });
    }
    const rings = ({ own }) => (own.state === "asked" ? 1 : 0);
    return found.sort(
      (a, b) => rings(b) - rings(a) || GRAVE[b.incident.severity] - GRAVE[a.incident.severity]
        || a.own.asked_at.localeCompare(b.own.asked_at),
    );
  }

  show() {
    const mine = this.mine();
    const chosen = mine[0]?.own.state !== "asked" && mine.find(({ linkup }) => linkup.id === this.chosen);
    const first = chosen || mine[0];
    const others = mine.filter((one) => one !== first);
    const none = this.store.all("workers").has(this.page.worker) ? "idle" : "loading";
    const mode = !first ? none : first.own.state === "asked" ? "call" : "task";
    const turned = mode !== this.mode || first?.linkup.id !== this.current?.linkup.id;
    const begins = mode === "call" && this.mode !== "call";
    this.current = first;
    this.mode = mode;
    document.body.dataset.mode = mode;
    for (const id of ["call", "task", "idle", "loading"]) find(id).hidden = id !== mode;
    if (turned) {
      this.state.problem = "";
      this.why(false);
    }
    if (begins && Date.now() - this.noticedAt > OLD_MS) this.notice("");
    const own = this.sharing.last;
    const rest = first ? this.route.rest(first.linkup.id, own, first.incident) : null;
    this.way.show(own, first?.incident ?? null, rest);
    if (turned) requestAnimationFrame(() => this.way.fit());
    if (first) this.tell(find(mode), first, others.length);
    this.mount(mine);
    this.ring();
    this.idle();
    this.ready();
    this.tick();
  }

  /** What happened, where, and how far it is. */
  tell(root, { linkup, incident, own }, others) {
    const set = (name, text) => {
      const part = root.querySelector(name);
      part.textContent = text;
      part.hidden = !text;
    };
    root.dataset.severity = incident.severity;
    root.dataset.linkup = linkup.id;
    set(".severity", t(`sev.${incident.severity}`));
    root.querySelector(".drill").hidden = incident.origin !== "drill";
    set("h1", incident.title);
    set(".place", incident.label ?? t("no_place"));
    set(".way", this.way.told(own.distance_m));
    const more = this.details.get(incident.id);
    if (!more) this.look(incident.id);
    tellCaller(root.querySelector(".said"), incident.label, more, root.id === "task");
    set(".problem", this.state.problem);
    if (root.id === "task") {
      set(".stand", t(own.helper && own.state === "accepted" ? "stand.helper" : `stand.${own.state}`));
      find("arrive").hidden = own.state !== "accepted";
      find("other").hidden = !others;
      find("other").textContent = t("more_tasks", { count: others });
    } else if (others) root.querySelector(".head").dataset.more = t("more_calls", { count: others });
    else delete root.querySelector(".head").dataset.more;
    for (const button of root.querySelectorAll("#accept, #decline, #arrive, .reasons button")) {
      button.disabled = this.state.busy;
    }
    this.sendable();
  }

  /** @param {string} incident */
  async look(incident) {
    this.details.set(incident, {});
    try {
      this.details.set(incident, await ask(`${this.page.incidents}/${incident}`));
      this.show();
    } catch {
      this.details.delete(incident);
    }
  }

  /** The answer clock, by the service's time. */
  tick() {
    if (this.mode === "idle" && this.sharing.state === "on") {
      find("sharing").textContent = this.sharing.told();
    }
    if (this.mode !== "call") return;
    const { own } = this.current;
    const whole = Date.parse(own.answer_by) - Date.parse(own.asked_at);
    const left = Date.parse(own.answer_by) - this.store.now();
    const root = find("call");
    root.style.setProperty("--left", String(Math.max(0, Math.min(1, left / whole))));
    const text = left > 0 ? t("left", { n: Math.ceil(left / 1000) }) : t("too_late");
    const told = root.querySelector(".left");
    if (told.textContent !== text) told.textContent = text;
    // Nobody waits for this answer any more: the phone may be quiet.
    if (left < -2000 && this.bell.ringing) this.bell.quiet();
  }

  ring() {
    const rings = this.mode === "call" && Date.parse(this.current.own.answer_by) > this.store.now();
    if (rings) this.bell.ring(t("notify.title", { title: this.current.incident.title }));
    else if (this.mode !== "task") this.bell.quiet();
    else if (this.wasCall) this.bell.quiet();
    this.wasCall = this.mode === "call";
    const awake = this.mode === "call" || this.mode === "task";
    if (awake !== this.bell.awake) this.bell.wake(awake);
  }

  /** @param {"accept"|"decline"|"arrive"} verb @param {any} [body] */
  async answer(verb, body) {
    const { linkup } = this.current ?? {};
    if (!linkup || this.state.busy) return;
    this.state.busy = true;
    this.state.problem = "";
    this.bell.quiet();
    this.show();
    try {
      await this.act(linkup.id, verb, body);
    } catch (error) {
      this.state.problem = error.message;
    } finally {
      this.state.busy = false;
      this.show();
    }
  }

  /** The sheet of reasons in place of the answer, or the answer again. @param {boolean} open */
  why(open) {
    const root = find("call");
    root.toggleAttribute("data-why", open);
    root.querySelector(".why").toggleAttribute("hidden", !open);
    root.querySelector(".answer").toggleAttribute("hidden", open);
    if (!open) root.querySelector("input").value = "";
    this.sendable();
    if (this.mode === "call") this.way.fit();
  }

  /** Why not: a tap, which declines at once, or a sentence of his own. */
  reasons() {
    const form = /** @type {HTMLFormElement} */ (find("call").querySelector(".why"));
    const line = form.querySelector("input");
    line.placeholder = t("why.other");
    line.setAttribute("aria-label", t("why.other"));
    line.oninput = () => this.sendable();
    form.onsubmit = (event) => {
      event.preventDefault();
      const reason = line.value.trim();
      if (reason) this.answer("decline", { reason });
    };
    form.querySelector(".reasons").replaceChildren(...WHY.map((key) => {
      const chip = element("button", t(key));
      chip.setAttribute("type", "button");
      chip.addEventListener("click", () => this.answer("decline", { reason: t(key) }));
      return chip;
    }));
  }

  /** Nothing written, nothing to send. */
  sendable() {
    const form = find("call").querySelector(".why");
    const send = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
    send.disabled = this.state.busy || !form.querySelector("input").value.trim();
  }

  /**
   * A linkup stands otherwise than before: what that means for this worker, in a sentence.
   * @param {string} id
   * @param {any} before
   * @param {any} now  undefined: none of his any more
   */
  ended(id, before, now) {
    const was = this.own(before)?.state;
    const is = this.own(now)?.state;
    if (!was || !MINE.has(was)) return;
    const title = this.store.all("incidents").get(before.incident)?.title
      ?? this.details.get(before.incident)?.title ?? "";
    if (!now || now.status === "closed") this.notice(t("came.closed", { title }));
    else if (is === "released") {
      this.notice(t(`came.${this.own(now).released_for ?? "taken"}`, { title }));
    } else if (!MINE.has(is)) this.notice(t(`came.${is}`, { title }));
  }

  /** @param {string} text */
  notice(text) {
    this.noticedAt = Date.now();
    const root = find("notice");
    root.hidden = !text;
    root.querySelector("span").textContent = text;
  }

  /** The next of several tasks. */
  turn() {
    const tasks = this.mine().filter(({ own }) => own.state !== "asked");
    const at = tasks.findIndex(({ linkup }) => linkup.id === this.current.linkup.id);
    this.chosen = tasks[(at + 1) % tasks.length].linkup.id;
    this.show();
  }

  /**
   * The channel of the task he has: closed with it, or for another one; not while a further call
   * rings, for he may be talking.
   * @param {any[]} mine
   */
  mount(mine) {
    const task = this.mode === "task" ? this.current : null;
    const { linkup } = this.mounted ?? {};
    if (linkup && (!mine.some((one) => one.linkup.id === linkup) || (task && task.linkup.id !== linkup))) {
      this.mounted.widget.close();
      this.mounted = null;
    }
    if (!task || this.mounted) return;
    const widget = channel(find("channel"), {
      incident: task.incident.id,
      linkup: task.linkup.id,
      me: { worker: this.page.worker, name: this.page.name },
      zone: this.page.time_zone,
      bell: { ring: () => this.bell.ring(), quiet: () => this.bell.quiet() },
      called: (state) => {
        document.body.dataset.voice = state;
      },
    });
    this.mounted = { incident: task.incident.id, linkup: task.linkup.id, widget };
  }

  /** @param {import("./live.js").Message[]} messages */
  heard(messages) {
    this.mounted?.widget.happened(messages);
  }

  refresh() {
    this.mounted?.widget.refresh().catch(() => {});
  }

  idle() {
    const on = this.sharing.state !== "off";
    find("duty-text").textContent = t(on ? "duty.is_on" : "duty.is_off");
    find("sharing").textContent = this.sharing.told();
    find("idle").dataset.on = String(on);
    find("idle").dataset.sharing = this.sharing.state;
    const button = /** @type {HTMLButtonElement} */ (find("duty"));
    if (this.label.on === on) {
      this.label = { on: !on, before: this.label.on, at: Date.now() };
    }
    button.textContent = t(on ? "duty.end" : "duty.begin");
    button.disabled = this.state.wanted;
  }

  /** What the duty button says to him who presses it now. */
  said() {
    const { on, before, at } = this.label;
    return Date.now() - at < REACTION_MS ? before : on;
  }

  /** What is so already stays as it is. @param {boolean} on  as the button said when it was pressed */
  async switchDuty(on) {
    this.state.wanted = true;
    find("problem").textContent = "";
    this.idle();
    try {
      await this.duty(on);
    } catch (error) {
      find("problem").textContent = error.message;
    } finally {
      this.state.wanted = false;
      this.idle();
    }
  }

  /** Whether a call would be heard, and what to do about it. */
  ready() {
    const root = find("ready");
    const on = this.sharing.state !== "off";
    root.hidden = this.bell.open || this.mode === "loading" || (!on && this.mode === "idle");
    root.querySelector("b").textContent = t("ready.tap");
    root.querySelector("small").textContent = t("ready.why");
  }

  speak() {
    speak();
    this.reasons();
    this.mounted?.widget.speak();
    this.show();
  }
}
