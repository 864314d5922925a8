// SPDX-License-Identifier: Apache-2.0
// A linkup as those in charge see it: its rings and climb with their clocks, who helps, which cells stand empty.

import { ask } from "./ask.js";
import { said } from "./desk_words.js";
import { distance, element } from "./patrol_words.js";
import { t } from "./words.js";

// Who is still to answer, or comes.
const LIVE = new Set(["asked", "accepted", "arrived"]);

/** Ask states -> what the officer may do about somebody. */
const STEERS = {
  asked: "release", accepted: "release", arrived: "release",
  late: "keep", timed_out: "keep", released: "keep", declined: "keep",
};

export class LinkupView {
  /**
   * @param {any} page
   * @param {(worker: string) => string} who
   * @param {(code: string|null) => string} cellName
   * @param {(text: string) => void} problem
   */
  constructor(page, who, cellName, problem) {
    this.page = page;
    this.who = who;
    this.cellName = cellName;
    this.problem = problem;
    this.root = document.getElementById("linkup");
    /** Rings that are over and were opened again, by linkup and ring. @type {Set<string>} */
    this.unfolded = new Set();
    /** Cells without a fresh worker, by the state of the linkup they were asked for. */
    this.gaps = { key: "", items: [] };
  }

  /**
   * @param {any} row
   * @param {any} linkup
   * @param {boolean} [steers]  whether the reader may keep and release people in it
   */
  show(row, linkup, steers = true) {
    const made = [];
    if (!linkup) {
      if (row.status !== "closed") made.push(element("p", t("detail.no_linkup"), "none"));
      this.root.replaceChildren(...made);
      return;
    }
    this.linkup = linkup;
    this.open = linkup.status === "open";
    this.steers = steers && this.open;
    if (!this.open) made.push(element("p", t("detail.ended"), "none"));
    if (linkup.lead_off_at && this.open) made.push(element("p", t("detail.lead_off"), "warn"));
    const steps = [...linkup.climb].reverse().map((step) => ({ live: [], part: this.step(step) }));
    const rings = [...new Set(linkup.asked.map((one) => one.ring))].sort((a, b) => b - a);
    const parts = rings.map((ring, n) => {
      const asked = linkup.asked.filter((one) => one.ring === ring);
      const live = asked.filter((one) => LIVE.has(one.state));
      const rest = asked.filter((one) => !LIVE.has(one.state));
      return { live, part: this.ring(ring, [...live, ...rest], n > 0 && !live.length) };
    });
    // Who leads is looked for first, whichever ring found him.
    const leads = ({ live }) => Number(live.some((one) => one.worker && one.worker === linkup.lead));
    made.push(...[...steps, ...parts].sort((a, b) => leads(b) - leads(a)).map(({ part }) => part));
    made.push(...this.coverage());
    if (!linkup.asked.length) made.push(element("p", t("detail.nobody"), "none"));
    this.root.replaceChildren(...made);
  }

  /** An earlier ring of which nobody answers or comes any more is one line. */
  ring(ring, asked, over) {
    const list = element("ol");
    list.append(...asked.map((one) => this.person(one)));
    const name = ring ? t("detail.ring", { ring }) : t("detail.named");
    if (!over) {
      const section = element("section", "", "ring");
      section.append(element("h3", name), list);
      return section;
    }
    const states = Map.groupBy(asked, (one) => one.state);
    const counts = [...states].map(([state, ones]) => `${t(`ask.${state}`)} ${ones.length}`);
    const key = `${this.linkup.id} ${ring}`;
    const folded = /** @type {HTMLDetailsElement} */ (element("details", "", "ring"));
    folded.open = this.unfolded.has(key);
    folded.addEventListener("toggle", () => {
      if (folded.open) this.unfolded.add(key);
      else this.unfolded.delete(key);
    });
    folded.append(element("summary", [name, ...counts].join(" · ")), list);
    return folded;
  }

  person(one) {
    const item = element("li", "", one.state);
    item.dataset.worker = one.worker ?? "";
    const [reason] = said(this.page.texts, one.reason);
    const far = one.distance_m === null ? "" : distance(one.distance_m);
    const state = element("span", t(`ask.${one.state}`), "state");
    if (one.helper) state.append(` · ${t("detail.helper")}`);
    item.append(element("b", this.who(one.worker)), state);
    if (one.state === "asked") item.append(this.clock(one));
    const why = one.released_for ? t(`released.${one.released_for}`) : "";
    item.append(element("small", [reason, far, why, one.answer_text].filter(Boolean).join(" · ")));
    const verb = STEERS[one.state];
    if (this.steers && one.worker && (verb === "release" || (verb === "keep" && this.linkup.lead))) {
      item.append(this.steer(verb, one.worker));
    }
    return item;
  }

  /** One step of the climb. */
  step(step) {
    const section = element("section", "", "ring climb");
    const names = step.called.map(({ name }) => name).join("、");
    const list = element("ol");
    const item = element("li", "", step.state);
    item.append(element("b", names || t("step.nobody")), element("span", t(`step.${step.state}`), "state"));
    if (step.state === "asked" && step.answer_by) item.append(this.clock(step));
    if (step.by) item.append(element("small", t("step.by", { who: step.by.name })));
    list.append(item);
    section.append(element("h3", t(`level.${step.level}`)), list);
    return section;
  }

  clock(one) {
    const left = element("span", "", "left");
    left.dataset.by = one.answer_by;
    left.dataset.at = one.asked_at;
    left.append(element("i"), element("span"));
    return left;
  }

  /** @param {string} verb @param {string} worker */
  steer(verb, worker) {
    const button = element("button", t(`steer.${verb}`), "steer");
    button.setAttribute("type", "button");
    const { id } = this.linkup;
    button.addEventListener("click", async () => {
      this.problem("");
      try {
        await ask(`${this.page.linkups}/${id}/${verb}`, "POST", { worker });
      } catch (error) {
        this.problem(error.message);
      }
    });
    return button;
  }

  /** The cells that those who set out have left, and who could stand in. */
  coverage() {
    const { id, status, uncovered, asked } = this.linkup;
    if (status !== "open" || !uncovered.length) return [];
    const key = JSON.stringify([id, uncovered, asked.map((one) => one.state)]);
    if (this.gaps.key !== key) {
      this.gaps = { key, items: uncovered.map((cell) => ({ cell, name: this.cellName(cell), stand_ins: [] })) };
      ask(`${this.page.linkups}/${id}/coverage`)
        .then(({ items }) => {
          if (this.gaps.key !== key) return;
          this.gaps.items = items;
          this.root.querySelector(".gaps")?.replaceWith(...this.coverage());
        })
        .catch(() => {});
    }
    if (!this.gaps.items.length) return [];
    const section = element("section", "", "gaps told");
    const list = element("ol");
    for (const gap of this.gaps.items) {
      const item = element("li");
      const who = gap.stand_ins.map((one) => {
        const [why] = said(this.page.texts, one.reason);
        return `${one.name}（${distance(one.distance_m)}，${why}）`;
      });
      item.append(element("b", gap.name), element("span", who.length ? t("gaps.by", { who: who.join("、") }) : t("gaps.nobody")));
      list.append(item);
    }
    section.append(element("h3", t("gaps.title")), list);
    return [section];
  }
}

/**
 * The answer clocks below `root` go on.
 * @param {HTMLElement} root
 * @param {number} now  the service's present, in ms
 */
export function countDown(root, now) {
  for (const left of root.querySelectorAll(".left[data-by]")) {
    const { by, at } = /** @type {HTMLElement} */ (left).dataset;
    const ms = Math.max(0, Date.parse(by) - now);
    const share = ms / (Date.parse(by) - Date.parse(at));
    /** @type {HTMLElement} */ (left).style.setProperty("--left", share.toFixed(3));
    left.lastElementChild.textContent = t("detail.left", { s: Math.ceil(ms / 1000) });
  }
}

/**
 * Seconds from the officer's first key to the first phone that rang, by the service's clock alone;
 * null where nobody took it down or nobody was asked.
 * @param {string|null|undefined} heardAt
 * @param {any} linkup
 */
export function rangAfter(heardAt, linkup) {
  const first = linkup?.asked[0]?.asked_at;
  return heardAt && first ? (Date.parse(first) - Date.parse(heardAt)) / 1000 : null;
}
