// SPDX-License-Identifier: Apache-2.0
// The voice call of a channel as one sees it: ring, answer, talk, hang up; and what remains when
// there is no microphone. The call itself is a fact of the service; voice.js carries the sound.

import { Refused, ask, uuid } from "./ask.js";
import { dial, element } from "./patrol_words.js";
import { Voice, microphone } from "./voice.js";
import { span, t } from "./words.js";

const API = "/api/v1";
// A line that has not come back by then does not come back.
const LOST_MS = 20_000;
// How an ended call is told before the button is all there is again.
const TOLD_MS = 12_000;

export class Calls {
  /** @param {import("./channel.js").ChannelOptions} options */
  constructor(options) {
    this.options = options;
    this.side = options.me.worker ? "worker" : "desk";
    /** The call that rings or goes on, as the service says it. @type {any} */
    this.call = null;
    /** @type {Voice|null} */
    this.voice = null;
    this.busy = false;
    this.problem = "";
    /** @type {any} */
    this.last = null;
    this.brokenSince = 0;
    this.closed = false;
    this.root = element("section", "", "voice");
    this.shape = "";
    this.sound = /** @type {HTMLAudioElement} */ (element("audio"));
    this.sound.autoplay = true;
    this.clock = 0;
    this.leaving = () => this.leave();
    window.addEventListener("pagehide", this.leaving);
  }

  begin() {
    this.show();
    this.refresh().catch(() => {});
  }

  /** The calls of this linkup as they stand: after a lost network or a reload of the page. */
  async refresh() {
    const { linkup } = this.options;
    if (!linkup) return;
    let found;
    try {
      found = await ask(`${API}/linkups/${linkup}/calls`);
    } catch (error) {
      // Asked, and not part of it yet.
      if (error instanceof Refused && error.status === 404) return;
      throw error;
    }
    if (this.closed) return;
    for (const call of found.items.filter((one) => this.concerns(one)).reverse()) this.take(call);
    this.show();
  }

  /** @param {any} call  as the feed says it */
  heard(call) {
    if (!this.concerns(call)) return;
    this.take(call);
    this.show();
  }

  /** The linkup or the lead has changed. */
  changed() {
    this.refresh().catch(() => {});
    this.show();
  }

  /** Whether a call is one of this channel's. @param {any} call */
  concerns(call) {
    if (call.incident !== this.options.incident) return false;
    return this.side === "desk" || call.worker === this.options.me.worker;
  }

  /** A call as it stands now. @param {any} call */
  take(call) {
    if (call.state !== "ended") {
      if (!this.call || this.call.id === call.id || !this.voice) this.call = call;
    } else if (this.call?.id === call.id) {
      this.end(call);
    }
    if (this.call?.id === call.id && call.state === "talking" && this.voice) this.voice.answered();
    this.ringing();
  }

  /** @param {any} call */
  end(call) {
    this.voice?.close();
    this.voice = null;
    this.call = null;
    this.last = { call, until: Date.now() + TOLD_MS };
    this.tick();
  }

  incoming() {
    return this.call?.state === "ringing" && this.call.caller !== this.side;
  }

  ringing() {
    const bell = this.options.bell;
    if (this.incoming() && !this.busy) bell?.ring();
    else bell?.quiet();
    const state = !this.call ? "idle" : this.call.state === "talking" ? "talking" : "ringing";
    if (state !== this.told) this.options.called?.(state);
    this.told = state;
  }

  /** Ring at the other end. When it is ringing here already, that is an answer. */
  async ring() {
    if (this.busy || !this.options.linkup) return;
    if (this.incoming()) {
      await this.answer();
      return;
    }
    if (this.call) return;
    await this.doing(async (stream) => {
      const body = { id: uuid(), worker: this.side === "desk" ? this.options.peer?.worker : undefined };
      try {
        this.call = await ask(`${API}/linkups/${this.options.linkup}/calls`, "POST", body);
      } catch (error) {
        const said = error instanceof Refused ? error.said : {};
        if (said.code !== "call.exists" || said.linkup !== this.options.linkup) throw error;
        // Both rang at once: the other's call is the one there is.
        await this.refresh();
        if (!this.incoming()) throw error;
        this.call = await ask(`${API}/calls/${this.call.id}/answer`, "POST");
      }
      this.join(stream);
    });
  }

  async answer() {
    if (this.busy || !this.incoming()) return;
    await this.doing(async (stream) => {
      this.call = await ask(`${API}/calls/${this.call.id}/answer`, "POST");
      this.join(stream);
    });
  }

  /** Come back into a call that goes on: the page was loaded anew. */
  async rejoin() {
    if (this.busy || !this.call || this.voice) return;
    await this.doing(async (stream) => this.join(stream));
  }

  /** Do something with the microphone; without one say so, to the other end too. */
  async doing(act) {
    this.busy = true;
    this.problem = "";
    this.ringing();
    this.show();
    let stream;
    try {
      stream = await microphone();
    } catch (error) {
      this.problem = error.message;
      this.busy = false;
      if (this.call) await this.hangUp("no_microphone");
      this.show();
      return;
    }
    try {
      if (this.closed) throw new Error("");
      await act(stream);
    } catch (error) {
      this.problem = error.message;
      for (const track of stream.getTracks()) track.stop();
      await this.refresh().catch(() => {});
    } finally {
      this.busy = false;
      this.ringing();
      this.show();
    }
  }

  /** @param {MediaStream} stream */
  join(stream) {
    this.brokenSince = 0;
    this.voice = new Voice({
      call: this.call,
      side: this.side,
      stream,
      heard: (sound) => this.hear(sound),
      changed: () => this.show(),
      over: () => this.refresh().catch(() => {}),
    });
    if (this.call.state === "talking") this.voice.answered();
    this.tick();
  }

  /** @param {MediaStream} sound */
  hear(sound) {
    this.sound.srcObject = sound;
    this.sound.play().catch(() => {
      this.silent = true;
      this.show();
    });
  }

  /** @param {string} [why] */
  async hangUp(why) {
    const call = this.call;
    if (!call) return;
    this.options.bell?.quiet();
    try {
      this.take(await ask(`${API}/calls/${call.id}/hang-up`, "POST", why ? { why } : undefined));
    } catch {
      // The service ends it by itself when it hears no more of this end.
      this.end({ ...call, state: "ended", ending: "lost", seconds: null });
    }
    this.ringing();
    this.show();
  }

  /** Once a second while a call goes on: its clock, and whether the line came back. */
  tick() {
    clearTimeout(this.clock);
    if (this.closed) return;
    const broken = this.voice && this.voice.state === "broken";
    if (!broken) this.brokenSince = 0;
    else this.brokenSince ||= Date.now();
    if (broken && Date.now() - this.brokenSince > LOST_MS) this.hangUp("lost");
    if (this.last && Date.now() > this.last.until) this.last = null;
    this.show();
    if (this.voice || this.last) this.clock = setTimeout(() => this.tick(), 1000);
  }

  /** Who is at the other end. */
  other() {
    if (this.side === "worker") return this.call?.officer ?? t("channel.desk");
    return this.options.peer?.name ?? t("somebody");
  }

  show() {
    const row = element("p", "", "row");
    const { call } = this;
    this.root.dataset.state = this.voice ? this.voice.state : this.incoming() ? "ringing" : "idle";
    if (this.busy && !this.voice) row.append(element("b", t("call.asking")));
    else if (this.incoming()) {
      row.append(element("b", t("call.ringing_in", { who: this.other() })));
      row.append(this.button("call.refuse", "against", () => this.hangUp()));
      row.append(this.button("call.answer", "go", () => this.answer()));
    } else if (call && this.voice) row.append(...this.going());
    else if (call?.state === "talking") {
      // Ours, from before the page was loaded; or another officer's.
      const mine = this.side === "worker" || call.officer === this.options.me.name;
      row.append(element("b", t("call.elsewhere", { who: call.officer ?? this.other() })));
      if (mine) row.append(this.button("call.rejoin", "go", () => this.rejoin()));
      if (mine) row.append(this.button("call.hang_up", "against", () => this.hangUp()));
    } else if (call) {
      row.append(element("b", t("call.ringing_out", { who: this.other() })));
      row.append(this.button("call.hang_up", "against", () => this.hangUp()));
    } else row.append(...this.idle());
    const parts = [row];
    if (this.problem) parts.push(this.note(this.problem, "problem"));
    else if (this.last) parts.push(this.note(this.ended(this.last.call), "last"));
    this.put(parts);
  }

  /** Put what is to be seen in its place, unless it is there: a tap on a button meets that button. */
  put(parts) {
    const fresh = element("div");
    fresh.append(...parts);
    const time = fresh.querySelector("time")?.textContent ?? "";
    const shape = fresh.innerHTML.replace(/<time>[^<]*/, "<time>");
    if (shape !== this.shape) {
      const kept = /** @type {HTMLElement} */ (document.activeElement);
      const act = this.root.contains(kept) ? kept.dataset.act : null;
      this.root.replaceChildren(...parts);
      if (act) /** @type {any} */ (this.root.querySelector(`[data-act="${act}"]`))?.focus();
      this.shape = shape;
    }
    const shown = this.root.querySelector("time");
    if (shown) shown.textContent = time;
  }

  going() {
    const { call, voice } = this;
    const parts = [];
    if (call.state === "ringing") {
      parts.push(element("b", t("call.ringing_out", { who: this.other() })));
    } else {
      const seconds = Math.max(0, Math.round((Date.now() - voice.since) / 1000));
      const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      const told = element("b", t(`call.${voice.state}`));
      if (voice.state === "connected") told.append(element("time", time));
      parts.push(told);
      if (this.silent) {
        parts.push(this.button("call.hear", "go", () => {
          this.silent = false;
          this.hear(/** @type {MediaStream} */ (this.sound.srcObject));
          this.show();
        }));
      }
      parts.push(this.button(voice.muted ? "call.unmute" : "call.mute", "", () => {
        voice.mute(!voice.muted);
        this.show();
      }));
    }
    parts.push(this.button("call.hang_up", "against", () => this.hangUp()));
    return parts;
  }

  idle() {
    const { peer, linkup, readonly } = this.options;
    if (readonly) return [];
    const parts = [];
    const possible = linkup && (this.side === "worker" || peer);
    const word = this.side === "worker" ? t("call.ring_desk")
      : peer ? t("call.ring_worker", { who: peer.name }) : t("call.ring");
    const ring = /** @type {HTMLButtonElement} */ (this.button("call.ring", "go", () => this.ring()));
    ring.textContent = word;
    ring.disabled = !possible;
    parts.push(ring);
    if (!possible) parts.push(element("small", t("call.nobody")));
    if (peer?.phone) parts.push(dial(peer.phone, t("call.phone", { phone: peer.phone })));
    else if (peer) parts.push(element("small", t("call.no_phone")));
    return parts;
  }

  /** How an ended call ended. @param {any} call */
  ended(call) {
    if (call.seconds !== null && call.ending === "hung_up") {
      return t("end.talked", { span: span(call.seconds * 1000) });
    }
    if (call.ending === "refused" && call.caller !== this.side) return t("end.refused_here");
    return t(`end.${call.ending}`);
  }

  /** @param {string} text @param {string} kind */
  note(text, kind) {
    const made = element("p", text, kind);
    made.setAttribute("role", "status");
    return made;
  }

  /** @param {string} name @param {string} kind @param {() => void} act */
  button(name, kind, act) {
    const made = element("button", t(name), kind);
    made.setAttribute("type", "button");
    made.dataset.act = name;
    made.addEventListener("click", act);
    return made;
  }

  /** The page is being left: a call that nobody hears any more is over. */
  leave() {
    if (!this.voice || !this.call) return;
    const made = new Request(`${API}/calls/${this.call.id}/hang-up`, { method: "POST", keepalive: true });
    fetch(made).catch(() => {});
    this.voice.close();
  }

  close() {
    this.leave();
    this.closed = true;
    clearTimeout(this.clock);
    this.options.bell?.quiet();
    window.removeEventListener("pagehide", this.leaving);
  }
}
