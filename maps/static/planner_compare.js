// SPDX-License-Identifier: Apache-2.0
// Two plans on one map: what lies right of the bar is the other one.

/* global L */
import { element } from "./patrol_words.js";
import { Plan } from "./planner_draft.js";
import { PlanLayer } from "./planner_layer.js";
import { figures } from "./planner_side.js";
import { button, select } from "./planner_tools.js";
import { t } from "./words.js";

export class Compare {
  /** @param {any} desk */
  constructor(desk) {
    this.desk = desk;
    this.layer = new PlanLayer(desk.map, "other", 436);
    /** @type {Plan|null} */
    this.other = null;
    /** Where the bar stands, as a share of the map's width. */
    this.share = 0.5;
    this.bar = document.getElementById("swipe");
    this.box = document.getElementById("compare");
    desk.map.on("move zoom zoomend resize viewreset", () => this.clip());
    // What is written stands on its own side of the bar.
    desk.map.on("moveend", () => this.other && desk.labels.read());
    this.bar.addEventListener("pointerdown", (event) => this.drag(event));
    this.bar.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      this.to(this.share + step);
    });
  }

  /** Ask which plan to compare with. */
  ask() {
    const { plans, plan } = this.desk;
    const others = plans.items.filter(({ id, status }) => id !== plan.id && status !== "discarded");
    const base = others.find(({ id }) => id === plan.entry.base) ?? plans.inForce ?? others[0];
    if (base) this.open(base.id);
    else this.desk.say(t("compare.none"), "warn");
  }

  /** @param {string} id  of a plan */
  async open(id) {
    const entry = this.desk.plans.items.find((one) => one.id === id);
    const plan = new Plan(this.desk.page.plans, entry);
    try {
      await plan.load();
    } catch (error) {
      this.desk.say(error.message, "problem");
      return;
    }
    this.with(plan);
    this.desk.kept.compare = id;
    this.desk.save();
  }

  /** Show a plan right of the bar, whether it is kept or only proposed. @param {Plan} plan */
  with(plan) {
    this.other = plan;
    this.layer.show(plan);
    this.bar.hidden = this.box.hidden = false;
    document.body.classList.add("comparing");
    this.head();
    this.clip();
    this.desk.labels.read();
  }

  /** Whether a place lies right of the bar. @param {number} lon @param {number} lat */
  right(lon, lat) {
    const { map } = this.desk;
    return map.latLngToContainerPoint([lat, lon]).x > this.share * map.getSize().x;
  }

  close() {
    this.other = null;
    this.layer.show(null);
    this.layer.clip(null);
    this.desk.layer.clip(null);
    this.bar.hidden = this.box.hidden = true;
    document.body.classList.remove("comparing");
    this.desk.kept.compare = null;
    this.desk.save();
    this.desk.labels.read();
  }

  /** What stands on either side. */
  head() {
    if (!this.other) return;
    const { plan, plans } = this.desk;
    const here = element("div");
    here.append(element("b", plan.entry.name), figuresOf(plan));
    const there = element("div");
    const others = plans.items.filter(({ id, status }) => id !== plan.id && status !== "discarded");
    const options = /** @type {[string, string][]} */ (others.map((one) => [one.id, `${one.name} · ${t(`group.${plans.group(one)}`)}`]));
    const kept = others.some(({ id }) => id === this.other.id);
    const name = kept ? select("other", options, this.other.id, (id) => this.open(id)) : element("b", this.other.entry.name);
    name.setAttribute("aria-label", t("compare.other"));
    there.append(name, figuresOf(this.other));
    this.box.replaceChildren(here, there, button("×", () => this.close(), "plain"));
    this.box.lastElementChild.setAttribute("aria-label", t("planner.close"));
  }

  clip() {
    if (!this.other) return;
    const { map } = this.desk;
    const { x, y } = map.getSize();
    const [corner, end] = [map.containerPointToLayerPoint([0, 0]), map.containerPointToLayerPoint([x, y])];
    const bar = corner.x + this.share * x;
    this.desk.layer.clip(`rect(${corner.y}px, ${bar}px, ${end.y}px, ${corner.x}px)`);
    this.layer.clip(`rect(${corner.y}px, ${end.x}px, ${end.y}px, ${bar}px)`);
    this.bar.style.left = `${this.share * x}px`;
    this.bar.setAttribute("aria-valuenow", String(Math.round(this.share * 100)));
  }

  /** @param {number} share */
  to(share) {
    this.share = Math.max(0.02, Math.min(0.98, share));
    this.clip();
    this.desk.labels.read();
  }

  /** @param {PointerEvent} event */
  drag(event) {
    event.preventDefault();
    this.bar.focus();
    this.bar.setPointerCapture(event.pointerId);
    const move = (/** @type {PointerEvent} */ { clientX }) => this.to(clientX / innerWidth);
    this.bar.addEventListener("pointermove", move);
    this.bar.addEventListener("pointerup", () => this.bar.removeEventListener("pointermove", move), { once: true });
  }
}

/** @param {Plan} plan */
function figuresOf(plan) {
  const list = element("dl");
  figures(plan, list);
  return list;
}
