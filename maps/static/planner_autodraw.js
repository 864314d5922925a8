// SPDX-License-Identifier: Apache-2.0
// Cells that draw themselves: asked for, watched, three answers side by side, one adopted.

import { ask } from "./ask.js";
import { shape } from "./charts.js";
import { element } from "./patrol_words.js";
import { areas } from "./planner_areas.js";
import { asking, shut, telling } from "./planner_dialogs.js";
import { Plan } from "./planner_draft.js";
import { Beside } from "./planner_jobs.js";
import { colorOf } from "./planner_layer.js";
import { signed } from "./planner_side.js";
import { term } from "./planner_terms.js";
import { button, row } from "./planner_tools.js";
import { t } from "./words.js";

const SIDE = 260;

export class AutoDraw {
  /** @param {any} desk */
  constructor(desk) {
    this.desk = desk;
    this.beside = new Beside(desk, "job", { title: "auto.job", running: "auto.running", done: (job) => this.ready(job) });
  }

  ask() {
    const { plan } = this.desk;
    const { options, within } = areas(this.desk);
    const cells = (/** @type {string} */ code) => [...plan.cells.keys()].filter((one) => one.startsWith(code)).length;
    asking({
      title: t("auto.title"),
      say: t("auto.say"),
      fields: [
        { name: "within", label: t("auto.within"), options, value: within },
        { name: "cells", label: t("auto.cells"), type: "number", min: 1, max: 100000, value: cells(within), hint: t("auto.cells_hint") },
        { name: "balance", label: t("auto.balance"), options: [["households", t("auto.households")], ["workload", t("auto.workload")]], value: "households" },
        { name: "tolerance", label: t("auto.tolerance"), type: "number", min: 1, max: 100, step: "1", value: 5 },
        { name: "seed", label: t("auto.seed"), type: "number", min: 0, max: 2147483647, value: 1, hint: t("auto.seed_hint") },
        { name: "keep", label: t("auto.keep"), type: "checkbox", value: 1 },
      ],
      yes: t("auto.begin"),
      act: async (said) => {
        const job = await ask(`${plan.url}/draw`, "POST", { ...said, tolerance: said.tolerance / 100 });
        this.beside.begin({ id: job.id, plan: plan.id, within: said.within });
      },
    });
    const select = /** @type {HTMLSelectElement} */ (document.querySelector("#dialog [name=within]"));
    select.addEventListener("change", () => {
      /** @type {HTMLInputElement} */ (document.querySelector("#dialog [name=cells]")).value = String(cells(select.value));
    });
  }

  /** That the answers are there, and the way to them. @param {any} job */
  ready(job) {
    const { asked } = this.beside;
    const here = this.desk.plan?.id === asked.plan;
    // Those that are neither the present division nor an earlier answer.
    const n = job.result.answers.filter(({ same_as: same }) => same === null).length;
    return [element("p", t(n ? "auto.ready" : "auto.ready_same", { n }), "say"), row(
      button(t(here ? "auto.look" : "auto.open"), () => (here ? this.answers() : this.desk.open(asked.plan).then(() => this.beside.show())), "go"),
      button(t("auto.drop"), () => this.beside.end()),
    )];
  }

  /** The division as it is, and the three answers, side by side. */
  async answers() {
    const { desk } = this;
    const { job, asked } = this.beside;
    const row = element("div", "", "answers");
    telling(t("auto.answers", { name: desk.plan.name(asked.within) }), [element("p", t("auto.answers_say"), "say"), row]);
    const inside = (/** @type {any[]} */ features) => features.filter(({ properties }) => properties.code.startsWith(asked.within));
    const present = element("section", "", "answer present");
    const now = [...desk.plan.cells.values()].map((cell) => ({ properties: cell, geometry: cell.geometry }));
    present.append(element("h3", t("auto.now")), picture(inside(now)), this.figures(job.result.now));
    row.append(present);
    for (const [i, summary] of job.result.answers.entries()) {
      const card = element("section", "", "answer");
      card.dataset.number = String(i + 1);
      card.append(element("h3", t(`auto.style_${summary.style}`)));
      row.append(card);
      const { same_as: same } = summary;
      if (same) {
        card.append(element("p", t("auto.same_as", { style: t(`auto.style_${job.result.answers[same - 1].style}`) }), "hint same"));
        continue;
      }
      if (same === 0) card.append(element("p", t("auto.same_as_now"), "hint same"));
      const url = `${desk.plan.url}/drawings/${job.id}/${i + 1}`;
      let found;
      try {
        found = await ask(url);
      } catch (error) {
        card.append(element("p", error.message, "problem"));
        continue;
      }
      card.append(picture(inside(found.features)), this.figures(summary), ...this.acts(url, found, summary));
    }
  }

  /** @param {any} summary  of an answer, or of the division as it is, which moves nobody */
  figures(summary) {
    const list = element("dl");
    const drawn = "households_moved" in summary;
    const rows = [
      ["auto.f_cells", String(summary.cells)],
      ["auto.f_largest", signed(summary.largest_deviation).replace("+", "±").replace("−", "±")],
      ["auto.f_mean", signed(summary.mean_deviation).replace("+", "")],
      ["auto.f_compact", summary.compactness.toFixed(2)],
      ["auto.f_streets", drawn ? `${Math.round(summary.along_streets * 100)}%` : "–"],
      ["auto.f_moved", drawn ? t("planner.n_households", { n: summary.households_moved }) : "–"],
    ];
    for (const [name, value] of rows) {
      const one = element("div");
      one.append(term(name), element("dd", value));
      list.append(one);
    }
    return list;
  }

  acts(url, found, summary) {
    const { desk } = this;
    const proposed = () => {
      const plan = new Plan(desk.page.plans, { id: "", name: t(`auto.style_${summary.style}`), status: "proposed" });
      plan.fill(found.features, desk.plan.areas);
      shut();
      desk.compare.with(plan);
      desk.zoomTo([...plan.cells.values()].filter(({ code }) => code.startsWith(this.beside.asked.within)));
    };
    const adopt = async () => {
      shut();
      if (!(await desk.changing(() => desk.plan.adopt(url)))) return;
      desk.compare.close();
      const { within } = this.beside.asked;
      this.beside.end();
      desk.layer.show(desk.plan);
      desk.shown();
      desk.zoomTo([...desk.plan.cells.values()].filter(({ code }) => code.startsWith(within)));
      desk.choose([]);
      desk.say(t("auto.adopted"), "good");
      await desk.weigh();
    };
    return [row(button(t("auto.adopt"), adopt, "go"), button(t("auto.compare"), proposed))];
  }
}

/** The cells of an answer as a small map, in the colours of their distance from the mean of their community. @param {any[]} features */
function picture(features) {
  /** @type {Record<string, number[]>} */
  const households = {};
  for (const { properties } of features) (households[properties.code.slice(0, 12)] ??= []).push(properties.households);
  const mean = (/** @type {string} */ code) => {
    const all = households[code.slice(0, 12)];
    return all.reduce((sum, one) => sum + one, 0) / all.length;
  };
  const rings = features.flatMap(({ geometry }) => (geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat()));
  const all = rings.flat();
  const [west, east] = [Math.min(...all.map(([x]) => x)), Math.max(...all.map(([x]) => x))];
  const [south, north] = [Math.min(...all.map(([, y]) => y)), Math.max(...all.map(([, y]) => y))];
  const shrink = Math.cos((north * Math.PI) / 180);
  const scale = (SIDE - 8) / Math.max((east - west) * shrink, north - south);
  const left = (SIDE - (east - west) * shrink * scale) / 2;
  const top = (SIDE - (north - south) * scale) / 2;
  const chart = shape("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, class: "picture", role: "img", "aria-label": t("auto.picture") });
  for (const { properties, geometry } of features) {
    const own = geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
    const d = own.map((ring) => `M${ring.map(([x, y]) => `${(left + (x - west) * shrink * scale).toFixed(1)} ${(top + (north - y) * scale).toFixed(1)}`).join("L")}Z`).join("");
    const path = shape("path", { d, "fill-rule": "evenodd" });
    const usual = mean(properties.code);
    path.style.fill = colorOf(usual ? properties.households / usual - 1 : 0);
    path.append(shape("title", {}, `${properties.name} · ${properties.households}`));
    chart.append(path);
  }
  return chart;
}
