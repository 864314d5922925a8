// SPDX-License-Identifier: Apache-2.0
// What a draft would change for people, before anything changes: in figures, in lists, on the map.

/* global L */
import { ask } from "./ask.js";
import { unit } from "./ground.js";
import { element } from "./patrol_words.js";
import { provisional } from "./planner_draft.js";
import { apart, passage } from "./planner_names.js";
import { goesOn, progress, watch } from "./planner_jobs.js";
import { button, row } from "./planner_tools.js";
import { t } from "./words.js";

const SHOWN = 30;
const COLORS = { moved: "#f6f1a8", checkpoints: "#c9a2ff", incidents: "#ff6b57", lost: "#e8704f", won: "#5fd0b5" };

export class ImpactView {
  /** @param {any} desk */
  constructor(desk) {
    this.desk = desk;
    /** @type {any} */
    this.found = null;
    /** Which revision it was weighed for. @type {number|null} */
    this.revision = null;
    this.asking = false;
    /** What is not shown on the map. @type {Set<string>} */
    this.hidden = new Set();
    const pane = desk.map.createPane("impact");
    pane.style.zIndex = "455";
    pane.style.pointerEvents = "none";
    this.renderer = L.canvas({ pane: "impact", padding: 0.25 });
    this.layer = L.layerGroup().addTo(desk.map);
  }

  forget() {
    this.found = this.revision = null;
    this.points(false);
  }

  /** Ask what the draft would change, as it is now. @returns {Promise<any>} */
  async read() {
    const { plan } = this.desk;
    const { revision } = plan.entry;
    if (this.found && this.revision === revision) return this.found;
    this.asking = true;
    this.again();
    try {
      const found = await ask(`${plan.url}/impact`);
      if (this.desk.plan === plan) {
        [this.found, this.revision] = [found, revision];
        if (goesOn(found.job)) this.follow(found.job);
      }
      return found;
    } finally {
      this.asking = false;
      this.again();
    }
  }

  /** Have past check-ins judged anew where they are too many to be judged at once. */
  async judge() {
    try {
      this.follow(await ask(`${this.desk.plan.url}/impact`, "POST", {}));
    } catch (error) {
      this.desk.say(error.message, "problem");
    }
  }

  /** Show how far that is; what came of it is read when it is done. @param {any} begun */
  async follow(begun) {
    const { found } = this;
    const tell = (/** @type {any} */ job) => {
      found.job = job;
      this.again();
    };
    tell(begun);
    try {
      await watch(`${this.desk.page.jobs}/${begun.id}`, tell, () => this.found === found);
      if (this.found !== found || found.job.state !== "done") return;
      this.found = null;
      await this.read();
    } catch (error) {
      this.desk.say(error.message, "problem");
    }
  }

  async cancel() {
    const { found } = this;
    try {
      found.job = await ask(`${this.desk.page.jobs}/${found.job.id}/cancel`, "POST");
    } catch (error) {
      this.desk.say(error.message, "problem");
    }
    this.again();
  }

  again() {
    if (this.desk.tab === "impact") {
      this.show(document.getElementById("tab"));
      this.points(true);
    }
  }

  /** @param {HTMLElement} box */
  show(box) {
    const { plan } = this.desk;
    if (this.asking) {
      const bar = element("progress");
      box.replaceChildren(element("p", t("impact.asking"), "say"), bar);
      return;
    }
    const go = button(t(this.found ? "impact.again" : "impact.go"), () => this.read().catch((error) => this.desk.say(error.message, "problem")), "go");
    if (!this.found) {
      box.replaceChildren(element("p", t("impact.say"), "say"), row(go));
      return;
    }
    const stale = this.revision !== plan.entry.revision;
    box.replaceChildren(
      ...(stale ? [element("p", t("impact.stale"), "hint warn"), row(go)] : []),
      ...this.people(), ...this.workers(), ...this.checkpoints(), ...this.incidents(), ...this.checkIns(),
    );
  }

  /** A heading with its figure; a tick shows its points on the map. */
  head(name, figure, points = "") {
    const head = element("div", "", "head");
    head.append(element("h3", t(`impact.${name}`)), element("b", figure));
    if (!points) return head;
    const label = element("label", "", "onmap");
    const tick = /** @type {HTMLInputElement} */ (element("input"));
    Object.assign(tick, { type: "checkbox", checked: !this.hidden.has(points) });
    tick.addEventListener("change", () => {
      if (tick.checked) this.hidden.delete(points);
      else this.hidden.add(points);
      this.points(true);
    });
    const spot = element("i", "", points === "incidents" ? "ring" : "");
    const [one, other] = points === "verdicts" ? [COLORS.lost, COLORS.won] : [COLORS[points], COLORS[points]];
    if (points === "incidents") spot.style.borderColor = one;
    else spot.style.background = `linear-gradient(90deg, ${one} 50%, ${other} 50%)`;
    label.append(tick, spot, element("span", t("impact.on_map")));
    head.append(label);
    return head;
  }

  /** Lines of a list, each a click away from its place. @param {any[]} items @param {number} total */
  list(items, total, words, place = (_) => null) {
    const list = element("ol", "", "lines");
    const line = (/** @type {any} */ one) => {
      const item = element("li");
      const where = place(one);
      const [main, small] = words(one);
      const holder = where ? button("", () => this.desk.goTo(where), "plain") : element("span");
      holder.append(element("b", main), element("small", small));
      item.append(holder);
      return item;
    };
    list.append(...items.slice(0, SHOWN).map(line));
    const left = total > items.length ? [element("li", t("impact.left_out", { n: total - items.length }), "hint")] : [];
    if (items.length <= SHOWN) list.append(...left);
    else {
      const more = element("li", "", "hint");
      more.append(button(t("impact.more", { n: items.length - SHOWN }), () => {
        more.remove();
        list.append(...items.slice(SHOWN).map(line), ...left);
      }, "plain more"));
      list.append(more);
    }
    return list;
  }

  people() {
    const { people } = this.found;
    const figure = t("impact.people_figure", { households: people.households, buildings: people.buildings });
    const says = [t("impact.of_another", { n: people.of_another_holder })];
    if (people.renamed_households) says.push(t("impact.renamed", { n: people.renamed_households }));
    return [
      this.head("people", figure, "moved"),
      element("p", says.join(" · "), "say"),
      this.list(people.flows.items, people.flows.total, (flow) => [
        passage(this.desk, flow.before, flow.after), t("impact.flow", flow),
      ], (flow) => this.desk.plan.cells.get(flow.after)?.box),
    ];
  }

  workers() {
    const { workers } = this.found;
    const { assignments, proposals } = workers;
    // A cell that keeps its code keeps its holder: only what is new needs a proposal.
    const fresh = proposals.items.filter(({ cell }) => provisional(cell));
    const changed = new Set(assignments.items.filter((one) => !one.border_only).map(({ worker }) => worker));
    const mostly = assignments.items.filter(({ worker }) => changed.has(worker));
    const border = assignments.items.filter(({ worker }) => !changed.has(worker));
    // Assignments that were left out are those of borders: these come last.
    const left = assignments.total - assignments.items.length;
    const lines = (/** @type {any[]} */ some, /** @type {number} */ total) => this.list(some, total, (one) => [
      `${one.name} · ${t(`role.${one.role}`)}`, this.duty(one),
    ], (one) => this.desk.plan.cells.get(one.heirs[0] ?? one.cell)?.box);
    const folded = element("details", "", "folded");
    folded.append(element("summary", t("impact.border_only", { n: workers.border_only })), lines(border, border.length + (border.length ? left : 0)));
    return [
      this.head("workers", t("impact.workers_figure", { n: workers.workers - workers.border_only })),
      lines(mostly, mostly.length + (border.length ? 0 : left)),
      ...(border.length ? [folded] : []),
      ...(fresh.length ? [element("h4", t("impact.proposals")), this.list(fresh, fresh.length, (one) => [
        one.name, `${one.candidates.find(({ worker }) => worker === one.holder)?.name ?? t("impact.nobody")} · ${t("planner.n_households", { n: one.households })}`,
      ], (one) => this.desk.plan.cells.get(one.cell)?.box)] : []),
    ];
  }

  /** What becomes of somebody's cell. */
  duty({ cell, fate, heirs, households_before: before, households_after: after }) {
    const [name, ...others] = apart(this.desk, [cell, ...heirs.filter((code) => code !== cell)]);
    const to = others.length ? ` → ${others.join("、")}` : "";
    const many = before === after ? t("planner.n_households", { n: after }) : t("impact.from_to", { before, after });
    return `${name}（${t(`fate.${fate}`)}）${to} · ${many}`;
  }

  checkpoints() {
    const { checkpoints } = this.found;
    return [
      this.head("checkpoints", String(checkpoints.total), "checkpoints"),
      this.list(checkpoints.items, checkpoints.total, (one) => [
        `${one.name} ${one.code}`, `${passage(this.desk, one.before, one.after)} · ${t(`loss.${one.loss}`)}`,
      ], (one) => [one.lon, one.lat]),
    ];
  }

  incidents() {
    const { incidents } = this.found;
    return [
      this.head("incidents", String(incidents.total), "incidents"),
      this.list(incidents.items, incidents.total, (one) => [
        one.category, `${t(one.severity)} · ${passage(this.desk, one.before, one.after)}`,
      ], (one) => (one.lon === null ? null : [one.lon, one.lat])),
    ];
  }

  checkIns() {
    const { check_ins: past, job } = this.found;
    if (!past) return this.unjudged(job);
    const verdict = (kind, accepted) => `${t(`verdict.${kind ?? "none"}`)}${accepted ? "" : t("impact.refused")}`;
    const rows = past.transitions.filter((one) => one.before !== one.after || one.accepted_before !== one.accepted_after);
    const says = [t("impact.judged", { near: past.near, total: past.total }), t("impact.until", { at: this.desk.moment(past.until) })];
    if (past.erased) says.push(t("impact.erased", { n: past.erased }));
    return [
      this.head("check_ins", t("impact.changed", { n: past.changed }), "verdicts"),
      element("p", says.join(" · "), "say"),
      this.list(rows, rows.length, (one) => [
        `${verdict(one.before, one.accepted_before)} → ${verdict(one.after, one.accepted_after)}`, t("impact.times", { n: one.check_ins }),
      ]),
      ...(rows.some((one) => !one.accepted_before || !one.accepted_after) ? [element("p", t("impact.refused_say"), "hint")] : []),
    ];
  }

  /** Past check-ins of which it is not known yet. @param {any} job */
  unjudged(job) {
    const head = this.head("check_ins", t("impact.unknown"));
    if (this.revision !== this.desk.plan.entry.revision) return [head];
    if (goesOn(job)) return [head, ...progress(job, "impact.judging", () => this.cancel())];
    const failed = job?.problem ? [element("p", job.problem.detail, "problem")] : [];
    return [head, element("p", t("impact.many"), "say"), ...failed, row(button(t("impact.judge"), () => this.judge(), "go"))];
  }

  /** Put the places on the map, or take them away. @param {boolean} shown */
  points(shown) {
    this.layer.clearLayers();
    if (!shown || !this.found) return;
    const dot = ({ lon, lat }, color, radius, style = {}) => {
      if (lon === null) return;
      L.circleMarker([lat, lon], {
        renderer: this.renderer, interactive: false, radius: radius * unit(), color: "#090f16", weight: 1.2 * unit(), fillColor: color, fillOpacity: 0.95, ...style,
      }).addTo(this.layer);
    };
    // Check-ins are red dots too: an incident is a ring.
    const ring = { color: COLORS.incidents, weight: 3 * unit(), fillOpacity: 0.1 };
    const { people, checkpoints, incidents, check_ins: past } = this.found;
    const seen = (name, act) => this.hidden.has(name) || act();
    seen("verdicts", () => past?.verdicts.items.forEach((one) => dot(one, one.after.accepted ? COLORS.won : COLORS.lost, 3)));
    seen("moved", () => people.moved.items.forEach((one) => dot(one, COLORS.moved, 4)));
    seen("checkpoints", () => checkpoints.items.forEach((one) => dot(one, COLORS.checkpoints, 6)));
    seen("incidents", () => incidents.items.forEach((one) => dot(one, COLORS.incidents, 7, ring)));
  }
}
