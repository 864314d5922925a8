// SPDX-License-Identifier: Apache-2.0
// The channel of an incident: text that survives a lost network, and the voice call beside it.
// Pages that mount it also link channel.css.

import { Refused, ask, uuid } from "./ask.js";
import { Calls } from "./calls.js";
import "./channel_words.js";
import { element } from "./patrol_words.js";
import { t } from "./words.js";

/** @typedef {import("./live.js").Message} Live */
/**
 * @typedef {object} ChannelOptions
 * @property {string} incident  whose channel it is
 * @property {string|null} linkup  the incident's linkup; null: text alone, nobody can be called yet
 * @property {{worker: string|null, name: string}} me  who writes: a worker's id, or null at the desk
 * @property {string} zone  the district's time zone
 * @property {{worker: string, name: string, phone: string|null}|null} [peer]  at the desk: whom to
 *   call, the worker in the lead; null while there is none
 * @property {{ring: () => void, quiet: () => void}} [bell]  rings when the other end calls
 * @property {(state: "idle"|"ringing"|"talking") => void} [called]  told when the call changes
 * @property {boolean} [readonly]  shows what was written and no more: the incident is closed
 */
/**
 * @typedef {object} Channel
 * @property {(messages: Live[]) => void} happened  hand on what /live says (everything; the channel
 *   takes what is its own): it opens no stream itself
 * @property {() => Promise<void>} refresh  read anew: after `reload`, or when the network is back
 * @property {(change: Partial<Pick<ChannelOptions, "linkup"|"peer"|"readonly">>) => void} change  the
 *   lead, the linkup or the end of the incident
 * @property {() => Promise<void>} call  ring at the other end, as the button does
 * @property {() => Promise<void>} hangUp  end, or refuse, as the buttons do
 * @property {() => void} speak  the language has changed
 * @property {() => void} focus  to the line where one writes
 * @property {() => void} close  hang up, stop, and empty `root`
 */

const API = "/api/v1";
const PAGE = 50;
const AGAIN_MS = [1000, 2000, 5000, 10_000];
// What no later attempt makes right; everything else is tried again.
const FINAL = new Set([400, 403, 404, 409, 413, 422]);
const QUICK = ["quick.coming", "quick.five", "quick.there", "quick.help", "quick.done"];

/**
 * Mount the channel of an incident in `root`, which is emptied first and scrolls inside its height.
 * @param {HTMLElement} root
 * @param {ChannelOptions} options
 * @returns {Channel}
 */
export function channel(root, options) {
  const text = new Text(options);
  const calls = new Calls(options);
  root.classList.add("channel");
  root.replaceChildren(calls.root, text.root);
  text.begin();
  calls.begin();
  return {
    happened(messages) {
      for (const { data } of messages) {
        if (data?.kind === "message.written") text.heard(data.body);
        if (data?.kind === "call.changed") calls.heard(data.body);
      }
    },
    refresh: async () => {
      await Promise.all([text.refresh(), calls.refresh()]);
    },
    change(change) {
      Object.assign(options, change);
      text.show();
      calls.changed();
    },
    call: () => calls.ring(),
    hangUp: () => calls.hangUp(),
    speak() {
      text.speak();
      calls.show();
    },
    focus: () => text.line.focus(),
    close() {
      text.close();
      calls.close();
      root.classList.remove("channel");
      root.replaceChildren();
    },
  };
}

/** What was written, newest last, and what still waits to be sent. */
class Text {
  /** @param {ChannelOptions} options */
  constructor(options) {
    this.options = options;
    this.address = `${API}/incidents/${options.incident}/messages`;
    /** @type {Map<string, any>} */
    this.messages = new Map();
    /** @type {string|null} */
    this.older = null;
    this.failures = 0;
    this.sending = false;
    this.closed = false;
    this.timer = 0;
    // Of this tab alone, and of this person: phones are lent.
    this.key = `wangge-unsent-${options.incident}-${options.me.worker ?? options.me.name}`;
    this.build();
    this.online = () => this.refresh().catch((error) => this.again(error));
    window.addEventListener("online", this.online);
  }

  build() {
    this.root = element("div", "", "text");
    this.list = element("ol", "", "messages");
    this.list.setAttribute("aria-live", "polite");
    this.quick = element("p", "", "quick");
    this.away = element("p", "", "away");
    this.away.setAttribute("role", "status");
    this.form = /** @type {HTMLFormElement} */ (element("form"));
    this.line = /** @type {HTMLInputElement} */ (element("input"));
    this.line.maxLength = 2000;
    this.line.name = "text";
    this.line.autocomplete = "off";
    this.line.enterKeyHint = "send";
    this.button = element("button");
    this.button.setAttribute("type", "submit");
    this.form.append(this.line, this.button);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const said = this.line.value.trim();
      if (said) this.write(said);
      this.line.value = "";
    });
    this.root.append(this.list, this.away, this.quick, this.form);
    this.speak();
  }

  speak() {
    this.line.placeholder = t("channel.write");
    this.line.setAttribute("aria-label", t("channel.write"));
    this.button.textContent = t("channel.send");
    this.quick.replaceChildren(
      ...(this.options.me.worker ? QUICK : []).map((key) => {
        const chip = element("button", t(key));
        chip.setAttribute("type", "button");
        chip.addEventListener("click", () => this.write(t(key)));
        return chip;
      }),
    );
    this.show();
  }

  begin() {
    for (const kept of this.kept()) this.messages.set(kept.id, kept);
    this.show();
    this.refresh().catch((error) => this.again(error));
  }

  /** Read the newest page, then send what waits. */
  async refresh() {
    const found = await ask(`${this.address}?limit=${PAGE}`, "GET", undefined, soon());
    if (this.closed) return;
    // A gap behind the newest page: what was known before it is read again when asked for.
    this.older = this.older ?? found.next;
    for (const message of found.items) this.messages.set(message.id, message);
    this.keep();
    this.show();
    await this.send();
  }

  /** @param {any} message  as the feed says it */
  heard(message) {
    if (message.incident !== this.options.incident) return;
    this.messages.set(message.id, message);
    this.keep();
    this.show();
  }

  /** @param {string} said */
  write(said) {
    const { worker, name } = this.options.me;
    const id = uuid();
    const at = new Date().toISOString();
    this.messages.set(id, { id, text: said, worker, name, at, waits: true });
    this.keep();
    this.show();
    this.list.scrollTop = this.list.scrollHeight;
    this.send();
  }

  waiting() {
    return [...this.messages.values()].filter((message) => message.waits);
  }

  /** Send what waits, in order, each under its own id: sent twice it is still one message. */
  async send() {
    if (this.sending || this.closed) return;
    this.sending = true;
    try {
      for (const message of this.waiting()) {
        this.messages.set(message.id, await this.deliver(message));
        if (this.closed) return;
        this.failures = 0;
        this.keep();
        this.show();
      }
    } catch (error) {
      this.again(error);
    } finally {
      this.sending = false;
      this.show();
    }
    if (!this.timer && this.waiting().length) this.send();
  }

  /** What became of one message. Throws when it may be tried again. @param {any} message */
  async deliver({ id, text, ...rest }) {
    try {
      return await ask(this.address, "POST", { id, text }, soon());
    } catch (error) {
      if (!(error instanceof Refused) || !FINAL.has(error.status)) throw error;
      return { id, text, ...rest, waits: false, refused: error.message };
    }
  }

  /** Try again later, unless this channel is not ours any more. @param {any} error */
  again(error) {
    if (this.closed || this.timer) return;
    if (error instanceof Refused && FINAL.has(error.status)) {
      this.options.readonly = true;
      this.show();
      return;
    }
    const wait = AGAIN_MS[Math.min(this.failures, AGAIN_MS.length - 1)];
    this.failures += 1;
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.refresh().catch((error) => this.again(error));
    }, wait);
  }

  kept() {
    try {
      return JSON.parse(sessionStorage.getItem(this.key) ?? "[]");
    } catch {
      return [];
    }
  }

  keep() {
    const waiting = this.waiting();
    if (waiting.length) sessionStorage.setItem(this.key, JSON.stringify(waiting));
    else sessionStorage.removeItem(this.key);
  }

  show() {
    const { list } = this;
    const low = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const rank = (message) => (message.waits || message.refused ? 1 : 0);
    const sorted = [...this.messages.values()].sort(
      (a, b) => rank(a) - rank(b) || Date.parse(a.at) - Date.parse(b.at) || (a.id < b.id ? -1 : 1),
    );
    const items = sorted.map((message) => this.item(message));
    if (this.older) items.unshift(this.more());
    if (!items.length) items.push(element("li", t("channel.none"), "none"));
    list.replaceChildren(...items);
    const count = this.failures ? this.waiting().length : 0;
    this.away.hidden = !count;
    this.away.textContent = t("channel.away", { count });
    this.form.hidden = this.options.readonly === true;
    this.quick.hidden = this.form.hidden || !this.quick.childElementCount;
    // Last: what came or went below has changed the height of the list.
    if (low) list.scrollTop = list.scrollHeight;
  }

  item(message) {
    const { me, zone } = this.options;
    const mine = message.worker === me.worker && (me.worker !== null || message.name === me.name);
    const item = element("li", "", mine ? "mine" : "");
    item.dataset.id = message.id;
    if (message.waits) item.classList.add("waits");
    if (message.refused) item.classList.add("refused");
    const time = new Date(message.at).toLocaleTimeString("zh-CN", {
      hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone,
    });
    const who = message.worker === null ? `${t("channel.desk")} ${message.name}` : message.name;
    const state = message.waits ? t("channel.waiting")
      : message.refused ? t("channel.refused", { why: message.refused }) : time;
    item.append(element("small", mine ? state : `${who} ${state}`), element("p", message.text));
    return item;
  }

  more() {
    const item = element("li", "", "more");
    const button = element("button", t("channel.older"));
    button.setAttribute("type", "button");
    button.addEventListener("click", async () => {
      const found = await ask(`${this.address}?limit=${PAGE}&cursor=${this.older}`);
      this.older = found.next;
      for (const message of found.items) this.messages.set(message.id, message);
      this.show();
    });
    item.append(button);
    return item;
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    window.removeEventListener("online", this.online);
  }
}

/** A line that does not answer is a lost one. */
function soon() {
  return { signal: AbortSignal.timeout(10_000) };
}
