// SPDX-License-Identifier: Apache-2.0
// A worker's position: taken and sent while he is on duty, and neither before nor afterwards.

import { ask } from "./ask.js";
import { span, t } from "./words.js";

// Often enough to be found, seldom enough for a battery: a walker makes 15 m in this time.
const SEND_MS = 10_000;
// A phone that lies still says nothing by itself; after 5 minutes it would count as lost.
const STILL_MS = 60_000;
// When sharing begins, a position as old as this is not where he is.
const RECENT_MS = 30_000;
// What waits for the network, in memory alone.
const MOST = 200;

export class Sharing {
  /**
   * @param {{address: string, worker: string, moved: () => void, changed: () => void}} options
   *   `moved` is told of each position, `changed` of what is to be said about it
   */
  constructor(options) {
    this.options = options;
    /** @type {"off"|"asking"|"on"|"denied"|"insecure"|"lost"} */
    this.state = "off";
    /** @type {any} */
    this.last = null;
    /** @type {any[]} */
    this.waiting = [];
    this.dropped = "";
    this.queuedAt = 0;
    /** What was observed before it is nobody's business. */
    this.from = 0;
    this.sending = false;
    /** @type {number|null} */
    this.watch = null;
  }

  /** On duty: share; off duty: forget. @param {boolean} on @param {number} since  when duty began */
  set(on, since) {
    if (on === (this.state !== "off")) return;
    if (on) this.begin(since);
    else this.end();
    this.options.changed();
  }

  /** @param {number} since */
  begin(since) {
    if (!window.isSecureContext || !navigator.geolocation) {
      this.state = "insecure";
      return;
    }
    this.state = "asking";
    this.from = Math.max(Math.min(since, Date.now()), Date.now() - RECENT_MS);
    this.queuedAt = 0;
    const precise = { enableHighAccuracy: true, maximumAge: 0, timeout: 30_000 };
    this.look(precise);
    this.timer = setInterval(() => this.again(precise), STILL_MS / 4);
  }

  /** @param {PositionOptions} precise */
  look(precise) {
    if (this.watch !== null) navigator.geolocation.clearWatch(this.watch);
    this.watch = navigator.geolocation.watchPosition(
      (found) => this.found(found), (error) => this.failed(error), precise,
    );
  }

  end() {
    if (this.watch !== null) navigator.geolocation.clearWatch(this.watch);
    clearInterval(this.timer);
    this.watch = null;
    this.state = "off";
    this.last = null;
    this.waiting = [];
    this.dropped = "";
    this.options.moved();
  }

  /** @param {PositionOptions} precise */
  again(precise) {
    // Allowed in the settings meanwhile, or out of the cellar.
    if (this.state === "denied" || this.state === "lost") this.look(precise);
    else if (Date.now() - this.queuedAt > STILL_MS) {
      navigator.geolocation.getCurrentPosition(
        (found) => this.found(found), (error) => this.failed(error), precise,
      );
    }
    this.send();
    this.options.changed();
  }

  /** @param {GeolocationPosition} found */
  found({ coords, timestamp }) {
    if (this.state === "off") return;
    const at = Math.min(timestamp, Date.now());
    if (at < this.from) {
      this.state = "asking";
      this.options.changed();
      return;
    }
    this.state = "on";
    this.last = { lon: coords.longitude, lat: coords.latitude, accuracy_m: coords.accuracy, at };
    this.options.moved();
    if (Date.now() - this.queuedAt >= SEND_MS) {
      this.queuedAt = Date.now();
      const fix = { lon: coords.longitude, lat: coords.latitude, accuracy_m: coords.accuracy };
      const speed = coords.speed === null || coords.speed < 0 ? {} : { speed_mps: coords.speed };
      this.waiting.push({ ...fix, ...speed, source: "browser", observed_at: new Date(at).toISOString() });
      if (this.waiting.length > MOST) this.waiting.shift();
      this.send();
    }
    this.options.changed();
  }

  /** @param {GeolocationPositionError} error */
  failed(error) {
    if (this.state === "off") return;
    this.state = error.code === error.PERMISSION_DENIED ? "denied" : "lost";
    this.options.changed();
  }

  async send() {
    if (this.sending || !this.waiting.length) return;
    this.sending = true;
    const sent = [...this.waiting];
    try {
      const items = sent.map((fix) => ({ worker: this.options.worker, fix }));
      // Our clock beside the service's: a wrong one is put right there.
      const body = { items, sent_at: new Date().toISOString() };
      const more = { signal: AbortSignal.timeout(15_000) };
      const { dropped } = await ask(this.options.address, "POST", body, more);
      this.waiting = this.waiting.filter((fix) => !sent.includes(fix));
      this.dropped = dropped.length === sent.length ? dropped[0].reason : "";
    } catch {
      // They wait for the next time.
    } finally {
      this.sending = false;
      this.options.changed();
    }
  }

  /** What a worker is told about it. */
  told() {
    if (this.state !== "on") return t(`sharing.${this.state}`);
    if (this.dropped) return t("sharing.dropped", { reason: this.dropped });
    if (this.waiting.length > 1) return t("sharing.unsent", { count: this.waiting.length });
    return t("sharing.on", {
      accuracy: Math.round(this.last.accuracy_m), age: span(Date.now() - this.last.at),
    });
  }
}
