// SPDX-License-Identifier: Apache-2.0
// Writing and speaking with who is on the way. A call that goes on stays on the desk, whichever
// incident the officer looks at meanwhile.

import { ask } from "./ask.js";
import { channel } from "./channel.js";
import { element } from "./patrol_words.js";
import { t } from "./words.js";

export class Talk {
  /**
   * @param {any} page
   * @param {import("./store.js").Store} store
   * @param {(worker: string) => string} who
   * @param {import("./desk_sound.js").Sound} sound
   * @param {(incident: string) => void} called  somebody rings from another incident
   */
  constructor(page, store, who, sound, called) {
    this.page = page;
    this.store = store;
    this.who = who;
    this.sound = sound;
    this.called = called;
    this.root = document.getElementById("talk");
    /** @type {{incident: string, key: string, widget: import("./channel.js").Channel}|null} */
    this.mounted = null;
    /** "idle", "ringing" or "talking". */
    this.voice = "idle";
    /** The incident that is chosen. @type {any} */
    this.row = null;
    /** Phone numbers of leads. @type {Map<string, string|null>} */
    this.phones = new Map();
  }

  /** The chosen incident, as it stands. @param {any} row */
  show(row) {
    this.row = row;
    const elsewhere = this.mounted && this.mounted.incident !== row?.id;
    if (elsewhere && this.voice !== "idle") {
      const { title } = this.store.all("incidents").get(this.mounted.incident) ?? {};
      this.head(t("talk.goes_on", { title: title ?? "" }));
      return;
    }
    if (elsewhere) this.unmount();
    this.root.hidden = !row;
    if (!row) return;
    this.head("");
    const linkup = this.store.linkupOf(row.id);
    const now = {
      linkup: linkup?.id ?? null,
      peer: this.peer(linkup),
      readonly: row.status === "closed",
    };
    const key = JSON.stringify(now);
    if (!this.mounted) this.mount(row, now, key);
    else if (this.mounted.key !== key) {
      this.mounted.key = key;
      this.mounted.widget.change(now);
    }
  }

  /** @param {any} row @param {any} now @param {string} key */
  mount(row, now, key) {
    const widget = channel(document.getElementById("channel"), {
      incident: row.id,
      me: this.page.me,
      zone: this.page.time_zone,
      bell: { ring: () => this.sound.ring(true), quiet: () => this.sound.ring(false) },
      called: (state) => {
        this.voice = state;
        if (state === "idle") this.show(this.row);
      },
      ...now,
    });
    this.mounted = { incident: row.id, key, widget };
  }

  unmount() {
    this.mounted?.widget.close();
    this.mounted = null;
    this.voice = "idle";
  }

  /** Whom to call: the worker in the lead. @param {any} linkup */
  peer(linkup) {
    const worker = linkup?.lead;
    if (!worker) return null;
    if (!this.phones.has(worker)) {
      this.phones.set(worker, null);
      ask(`${this.page.workers}/${worker}`)
        .then(({ phone }) => {
          this.phones.set(worker, phone);
          this.show(this.row);
        })
        .catch(() => this.phones.delete(worker));
    }
    return { worker, name: this.who(worker), phone: this.phones.get(worker) ?? null };
  }

  /** @param {import("./live.js").Message[]} messages */
  happened(messages) {
    this.mounted?.widget.happened(messages);
    for (const { data } of messages) {
      const call = data?.kind === "call.changed" ? data.body : null;
      const rings = call?.state === "ringing" && call.caller === "worker";
      if (rings && call.incident !== this.mounted?.incident && this.voice === "idle") {
        this.called(call.incident);
      }
    }
  }

  refresh() {
    this.mounted?.widget.refresh().catch(() => {});
  }

  /** Ring, or answer who rings. */
  call() {
    this.mounted?.widget.call();
  }

  hangUp() {
    this.mounted?.widget.hangUp();
  }

  write() {
    this.mounted?.widget.focus();
  }

  speak() {
    this.mounted?.widget.speak();
    if (this.mounted) this.show(this.row);
  }

  /** @param {string} text */
  head(text) {
    const head = document.getElementById("talk-head");
    head.replaceChildren(element("span", text));
    head.hidden = !text;
  }
}
