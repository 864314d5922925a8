// SPDX-License-Identifier: Apache-2.0
// What all parts of the planner's page share: the open plan, the map, what is chosen, what is told.

/* global L */
import { ask, Refused } from "./ask.js";
import { Ground } from "./ground.js";
import { Labels } from "./labels.js";
import { AutoDraw } from "./planner_autodraw.js";
import { BorderTool } from "./planner_border.js";
import { Compare } from "./planner_compare.js";
import { asking } from "./planner_dialogs.js";
import { Busy, Plan } from "./planner_draft.js";
import { Files } from "./planner_files.js";
import { ImpactView } from "./planner_impact.js";
import { labelsOf } from "./planner_labels.js";
import { PlanLayer } from "./planner_layer.js";
import { Found, Lock, Look, Merge, Reassign, Rename } from "./planner_picks.js";
import { Plans } from "./planner_plans.js";
import { Problems } from "./planner_problems.js";
import { Publishing } from "./planner_publish.js";
import { Split, Transfer } from "./planner_shapes.js";
import * as side from "./planner_side.js";
import { Snap } from "./planner_snap.js";
import { button, Toolbox } from "./planner_tools.js";
import { boxes, fit } from "./planner_view.js";
import { language, t } from "./words.js";

const KEPT = "wangge-planner";
const NOTE_MS = 9000;
/** What takes longer says that it is being done. */
const PATIENCE_MS = 600;
const at = (/** @type {string} */ id) => document.getElementById(id);

export class Desk {
  /** @param {any} map @param {any} page  what the service told the page */
  constructor(map, page) {
    this.page = page;
    this.map = map;
    this.ground = new Ground(map);
    this.layer = new PlanLayer(map, "plan", 420);
    map.createPane("drawing").style.zIndex = "480";
    map.pm.setGlobalOptions({ panes: { layerPane: "drawing", vertexPane: "markerPane", markerPane: "markerPane" } });
    this.labels = new Labels(map, this.ground, boxes, () => this.written());
    this.snap = new Snap(map, this.ground);
    /** @type {Plan|null} */
    this.plan = null;
    /** @type {string[]} cells chosen on the map */
    this.chosen = [];
    /** Buildings stay whole: borders go round them. */
    this.whole = true;
    /** The latest wish to open a plan: whatever an earlier one still brings is late. */
    this.opening = {};
    /** What outlives a reload. @type {Record<string, any>} */
    this.kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    /** Names of the cells of today's plan. @type {Map<string, string>} */
    this.today = new Map();
    this.tab = this.kept.tab ?? "communities";
    this.plans = new Plans(this);
    this.problems = new Problems(this);
    this.impact = new ImpactView(this);
    this.compare = new Compare(this);
    this.publishing = new Publishing(this);
    this.autodraw = new AutoDraw(this);
    this.files = new Files(this);
    this.toolbox = new Toolbox(this, [
      new Look(this), new BorderTool(this), new Transfer(this), new Split(this), new Merge(this),
      new Reassign(this), new Found(this), new Rename(this), new Lock(this),
    ]);
  }

  save() {
    sessionStorage.setItem(KEPT, JSON.stringify(this.kept));
  }

  /**
   * Open a plan; null: none.
   * @param {string|null} id
   * @param {boolean} [listed]  with the list of plans open beside it
   */
  async open(id, listed = false) {
    const opening = {};
    this.opening = opening;
    this.toolbox.use("look");
    this.choose([]);
    this.plans.unfolded = listed;
    let plan = null;
    if (id) {
      plan = new Plan(this.page.plans, { id });
      try {
        await plan.load();
      } catch (error) {
        plan = null;
        this.say(error.message, "problem");
      }
    }
    if (this.opening !== opening) return;
    this.plan = plan;
    this.kept.plan = plan?.id;
    const address = new URL(location.href);
    if (plan && !listed) address.searchParams.set("plan", plan.id);
    else address.searchParams.delete("plan");
    window.history.replaceState(null, "", address);
    this.compare.close();
    this.impact.forget();
    this.problems.set([]);
    this.layer.show(plan);
    this.shown();
    if (plan) await this.weigh();
  }

  /** Figures and problems of the whole plan: they come when they are ready. */
  async weigh() {
    const { plan } = this;
    try {
      await Promise.all([plan.weigh(), this.problems.read(), this.cellNames()]);
    } catch (error) {
      this.say(error.message, "problem");
    }
    if (this.plan !== plan) return;
    side.figures(plan, at("figures"));
    this.about(null);
  }

  /** Carry out an edit and tell what came of it. @param {any} body @returns {Promise<any>} null: refused */
  async edit(body) {
    const word = body.op === "lock" && !body.locked ? "done.unlock" : `done.${body.op}`;
    return this.carry(() => this.plan.edit(body).catch((error) => this.parted(error, body)), word);
  }

  /** An area would lie in several parts: the planner may declare that it does. @param {any} error @param {any} body @returns {never} */
  parted(error, body) {
    if (error instanceof Refused && error.said.code === "plan.would_part_area") {
      asking({
        title: t("islands.title"),
        say: this.named(error.message),
        yes: t("islands.yes", { name: error.said.name }),
        act: async () => {
          await this.plan.edit({ op: "declare", area: error.said.area, islands: true });
          this.shown();
          this.edit(body);
        },
      });
    }
    throw error;
  }

  /** Have faults mended. @param {string[]} ids */
  async repair(ids) {
    return this.carry(() => this.plan.repair(ids), "done.repair", true);
  }

  /** @param {() => Promise<any>} act @param {string} word @param {boolean} [whole]  look all problems through again */
  async carry(act, word, whole = false) {
    const { plan } = this;
    const before = new Map([...plan.cells].map(([code, cell]) => [code, cell.households]));
    const done = await this.changing(act);
    if (!done || this.plan !== plan) return done || null;
    const changed = done.changed.features.map((feature) => feature.properties.code);
    this.layer.update(changed);
    this.shown();
    if (whole) await this.problems.read();
    else this.problems.update([...changed, ...done.removed], done.problems.features);
    const { asked_m2: asked, moved_m2: moved } = done;
    const households = changed
      .filter((code) => before.has(code) && plan.cells.has(code) && before.get(code) !== plan.cells.get(code).households)
      .map((code) => t("done.households", { cell: plan.name(code), before: before.get(code), after: plan.cells.get(code).households }));
    const said = [];
    if (whole) said.push(t(word, { left: this.problems.found.length }));
    if (typeof asked === "number") said.push(t(whole ? "done.moved_alone" : "done.moved", { asked: side.area(asked), moved: side.area(moved) }), ...households.slice(0, 4));
    if (!said.length) said.push(t(word, { n: changed.filter((code) => !before.has(code)).length, cells: this.several(changed) }));
    this.say(said.join(t("done.and")), "good");
    return done;
  }

  /** Do something to the plan; refusals are told, and where. @param {() => Promise<any>} act */
  async changing(act) {
    const { plan } = this;
    document.body.classList.add("busy");
    this.say("");
    const patience = setTimeout(() => this.say(t("planner.working"), "working"), PATIENCE_MS);
    try {
      return (await act()) ?? true;
    } catch (error) {
      if (error instanceof Busy || this.plan !== plan) return null;
      if (error instanceof Refused && error.status === 412) await this.stale();
      else {
        // Whoever draws by hand knows no LineString.
        const crossed = error instanceof Refused && error.said.code === "plan.shape_wrong";
        this.say(crossed ? t("planner.shape_wrong") : this.named(error.message), "problem");
        if (error instanceof Refused && typeof error.said.lon === "number") this.flash(error.said.lon, error.said.lat);
      }
      return null;
    } finally {
      clearTimeout(patience);
      if (at("note").classList.contains("working")) this.say("");
      document.body.classList.remove("busy");
    }
  }

  /** Somebody else went on drawing: show what he did; what was drawn here stays. */
  async stale() {
    const { plan } = this;
    const mine = plan.entry.revision;
    await plan.load();
    const { items } = await ask(`${plan.url}/steps?after=${mine}`);
    // Another plan may have been opened meanwhile: the map is its own.
    if (this.plan !== plan) return;
    this.weigh();
    this.layer.show(plan);
    this.shown();
    if (!items.length) return;
    const what = items.map((step) => `${step.by ?? ""}：${side.told(this, step)}`).join("；");
    this.say(t("planner.stale", { what }), "warn");
  }

  async undo() {
    if (this.plan?.drawable && this.plan.entry.can_undo) await this.turn(() => this.plan.undo(), "done.undo");
  }

  async redo() {
    if (this.plan?.drawable && this.plan.entry.can_redo) await this.turn(() => this.plan.redo(), "done.redo");
  }

  async turn(act, word) {
    const { plan } = this;
    const { revision } = plan.entry;
    if (!(await this.changing(act)) || this.plan !== plan) return;
    this.layer.show(plan);
    this.shown();
    const { items } = await ask(`${plan.url}/steps`);
    const what = turnedBack(items.filter((step) => step.revision <= revision), word === "done.redo");
    if (this.plan !== plan) return;
    if (what) this.say(t(word, { what: side.told(this, what) }), "good");
    await this.weigh();
  }

  /** The plan is another now, or another plan is open. */
  shown() {
    const { plan } = this;
    if (plan) this.chosen = this.chosen.filter((code) => plan.cells.has(code));
    this.layer.choose(this.chosen);
    this.toolbox.tool.changed?.();
    this.labels.read();
    document.body.classList.toggle("opened", Boolean(plan));
    this.plans.show();
    this.toolbox.show();
    this.bar();
    this.compare.head();
    at("balance").hidden = at("cell").hidden = at("tabs").hidden = at("legend").hidden = !plan;
    if (!plan) return;
    side.figures(plan, at("figures"));
    side.histogram(plan, at("histogram"));
    this.about(null);
    this.show(this.tab);
  }

  bar() {
    const entry = this.plan?.entry;
    const drawable = Boolean(this.plan?.drawable);
    for (const [id, able] of [["undo", entry?.can_undo], ["redo", entry?.can_redo]]) {
      /** @type {HTMLButtonElement} */ (at(id)).disabled = !drawable || !able;
      at(id).hidden = !drawable;
    }
    at("state").textContent = !entry ? "" : drawable ? t("planner.saved", { n: entry.revision }) : t("planner.read_only");
  }

  /** The names of the tabs that the open plan has. */
  tabs() {
    const draft = Boolean(this.plan?.drawable);
    const names = ["communities", "problems", ...(draft ? ["impact", "history"] : this.publishing.hands ? ["handover"] : [])];
    if (!names.includes(this.tab)) this.tab = "communities";
    const count = this.problems.found.length;
    at("tab-names").replaceChildren(
      ...names.map((name) => {
        const one = button(t(`planner.tab_${name}`), () => this.show(name));
        one.dataset.tab = name;
        one.setAttribute("role", "tab");
        one.setAttribute("aria-selected", String(name === this.tab));
        if (name === "problems" && count) one.append(Object.assign(document.createElement("b"), { textContent: String(count) }));
        return one;
      }),
    );
  }

  /** Open a tab beside the map. @param {string} name */
  show(name) {
    this.tab = this.kept.tab = name;
    this.save();
    this.tabs();
    const box = at("tab");
    if (box.dataset.shows !== name) box.scrollTop = 0;
    box.dataset.shows = name;
    this.impact.points(this.tab === "impact");
    if (this.tab === "communities") side.communities(this, box);
    else if (this.tab === "problems") this.problems.show(box);
    else if (this.tab === "impact") this.impact.show(box);
    else if (this.tab === "handover") this.publishing.handover(box);
    else side.history(this, box).catch((error) => this.say(error.message, "problem"));
  }

  /** Buttons for the open plan beyond those of every plan. @param {any} plan @param {string} group */
  acts(plan, group) {
    return [
      button(t("compare.go"), () => this.compare.ask()),
      ...(group === "draft" && this.page.may.write ? [button(t("auto.go"), () => this.autodraw.ask())] : []),
      button(t("files.export"), () => this.files.takeOut(plan)),
      ...this.publishing.acts(plan, group),
    ];
  }

  /** @param {string[]} codes */
  choose(codes) {
    this.chosen = [...codes];
    this.layer.choose(codes);
    this.about(null);
  }

  /** What is written on the map: left and right of the bar, each plan its own. */
  written() {
    if (!this.plan) return [];
    const { other } = this.compare;
    if (!other) return labelsOf(this.plan);
    const right = (/** @type {{lon: number, lat: number}} */ { lon, lat }) => this.compare.right(lon, lat);
    return [...labelsOf(this.plan).filter((label) => !right(label)), ...labelsOf(other).filter(right)];
  }

  /** What the pointer is over: a cell of the plan that is drawn there. @param {{lng: number, lat: number}|null} place */
  point(place) {
    const other = place && this.compare.other && this.compare.right(place.lng, place.lat) ? this.compare.other : null;
    const cell = place && (other ?? this.plan).at(place.lng, place.lat);
    this.layer.hover(other ? null : cell?.code ?? null);
    this.compare.layer.hover(other ? cell?.code ?? null : null);
    this.about(cell, other ?? this.plan);
  }

  /** Show a cell's figures: the one pointed at, else the one chosen. @param {any} pointed @param {Plan|null} [plan]  whose it is */
  about(pointed, plan = this.plan) {
    if (!plan) return;
    const chosen = this.chosen.length === 1 ? this.plan.cells.get(this.chosen[0]) : null;
    side.cellCard(pointed ? plan : this.plan, pointed ?? chosen ?? null, at("cell"));
  }

  /** @param {string} text @param {string} [kind] */
  say(text, kind = "") {
    clearTimeout(this.saying);
    at("note").textContent = text;
    at("note").className = `note ${kind}`;
    at("note").hidden = !text;
    if (kind === "good") this.saying = setTimeout(() => this.say(""), NOTE_MS);
  }

  /** Some cells by their names, many as so many. @param {string[]} codes */
  several(codes) {
    return codes.length > 4 ? t("planner.n_cells", { n: codes.length }) : codes.map((code) => this.plan.name(code)).join("、");
  }

  /** Codes of cells in a sentence by their names. @param {string} text */
  named(text) {
    return text.replace(/\d{6}(?:[0-9D-Z]\d\d){2,3}/g, (code) => this.plan?.name(code) ?? code);
  }

  /** Let a place flash, and bring it into sight. @param {number} lon @param {number} lat */
  flash(lon, lat) {
    this.flashing?.remove();
    const { map } = this;
    if (!map.getBounds().pad(-0.15).contains([lat, lon])) map.panTo([lat, lon]);
    const icon = L.divIcon({ className: "flash", iconSize: [0, 0] });
    this.flashing = L.marker([lat, lon], { icon, interactive: false, keyboard: false, pmIgnore: true }).addTo(map);
    setTimeout(() => this.flashing?.remove(), 6000);
  }

  /** What a cell of today's plan is called. @param {string} code */
  before(code) {
    return this.today.get(code) ?? code;
  }

  async cellNames() {
    if (this.today.size) return;
    const { features } = await ask(`${this.page.areas}?level=cell&geometry=false`);
    for (const { properties } of features) this.today.set(properties.code, properties.name);
  }

  /** Go to a place, or to west, south, east, north. @param {number[]} where */
  goTo(where) {
    if (where.length === 4) {
      fit(this.map, where);
      return;
    }
    const [lon, lat] = where;
    this.map.setView([lat, lon], Math.max(this.map.getZoom(), 17), { animate: false });
    this.flash(lon, lat);
  }

  /** @param {any[]} cells */
  zoomTo(cells) {
    const box = [0, 1, 2, 3].map((i) => Math[i < 2 ? "min" : "max"](...cells.map((cell) => cell.box[i])));
    fit(this.map, box);
    this.choose(cells.map((cell) => cell.code));
  }

  /** @param {string} instant */
  moment(instant) {
    const style = /** @type {Intl.DateTimeFormatOptions} */ ({
      timeZone: this.page.time_zone, month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    });
    return new Intl.DateTimeFormat(language() === "en" ? "en-GB" : "zh-CN", style).format(new Date(instant));
  }
}

/** The step that undoing takes back, or redoing does again. @param {any[]} steps  up to now @param {boolean} again */
function turnedBack(steps, again) {
  const { done, undone } = side.course(steps);
  return again ? undone.at(-1) : done.at(-1);
}
