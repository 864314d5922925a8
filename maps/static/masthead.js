// SPDX-License-Identifier: Apache-2.0
// The head of a live page: the time, whether the feed is live, and an alarm when the picture is old.

import { span, t } from "./words.js";

// A break that is over before anybody looked is not worth an alarm.
const ALARM_MS = 3000;

export class Masthead {
  /**
   * @param {import("./store.js").Store} store
   * @param {string} zone  the district's time zone
   * @param {string|null} [day]  the civil day that is shown instead of now
   */
  constructor(store, zone, day = null) {
    this.store = store;
    this.zone = zone;
    this.day = day;
    this.link = "connecting";
    this.lastEvent = 0;
    this.lastSeen = 0;
    this.time = new Intl.DateTimeFormat("zh-CN", {
      hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zone,
    });
  }

  /** @param {string} state  of the feed */
  show(state) {
    this.link = state;
    this.tell();
  }

  /** The service was heard just now. @param {boolean} facts  it said that something happened */
  seen(facts) {
    this.lastSeen = Date.now();
    if (facts) this.lastEvent = this.lastSeen;
  }

  /** The clock, and how old this picture is. */
  tell() {
    const { store, link, lastSeen, lastEvent } = this;
    // A civil day has no zone: it is told as one of UTC.
    const now = new Date(this.day ? `${this.day}T12:00:00Z` : store.now());
    const chinese = document.documentElement.lang !== "en";
    document.getElementById("clock").textContent = this.time.format(now);
    document.getElementById("date").textContent = new Intl.DateTimeFormat(
      chinese ? "zh-CN" : "en-GB",
      { timeZone: this.day ? "UTC" : this.zone, year: "numeric", month: "long", day: "numeric", weekday: "short" },
    ).format(now);

    document.getElementById("link").dataset.state = link;
    const age = lastEvent ? span(Date.now() - lastEvent) : "";
    document.getElementById("link-text").textContent =
      link === "live" && lastEvent ? t("link.live_since", { age }) : t(`link.${link}`);
    const alarm = document.getElementById("alarm");
    const cut = lastSeen > 0 && link !== "live" && link !== "preview" && Date.now() - lastSeen > ALARM_MS;
    alarm.hidden = !(cut || link === "ended");
    document.body.classList.toggle("cut", !alarm.hidden);
    if (!alarm.hidden) {
      const time = this.time.format(new Date(lastSeen + store.ahead));
      alarm.textContent =
        link === "ended"
          ? t("alarm.signed_out")
          : t("alarm.lost", { time, age: span(Date.now() - lastSeen) });
    }
  }
}
