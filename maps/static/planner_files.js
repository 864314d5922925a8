// SPDX-License-Identifier: Apache-2.0
// Plans from files and to files.

import { ask, Refused } from "./ask.js";
import { element } from "./patrol_words.js";
import { areas } from "./planner_areas.js";
import { asking, shut, telling } from "./planner_dialogs.js";
import { Beside } from "./planner_jobs.js";
import { button, row, select } from "./planner_tools.js";
import { language, t } from "./words.js";

const FORMATS = ["shp", "gpkg", "geojson"];
// What districts hand over: geographic, and metric zones of 3 degrees around Liaoning.
const SYSTEMS = ["4326", "4490", "4549", "4550", "4551"];
const ENCODINGS = ["UTF-8", "GBK", "GB18030"];

export class Files {
  /** @param {any} desk */
  constructor(desk) {
    this.desk = desk;
    this.sheets = new Beside(desk, "sheets", { title: "files.sheets_job", running: "files.sheets_running", done: (job) => this.ready(job) });
  }

  /** A draft from a file, with what the doctor says of it. */
  bringIn() {
    const { desk } = this;
    const own = (/** @type {string} */ word, values) => /** @type {[string, string][]} */ ([["", t(word)], ...values]);
    const systems = SYSTEMS.map((code) => [`EPSG:${code}`, `${t(`files.crs_${code}`)} · EPSG:${code}`]);
    asking({
      title: t("files.import_title"),
      say: t("files.import_say"),
      fields: [
        { name: "file", label: t("files.file"), type: "file", accept: ".zip,.gpkg,.geojson,.json" },
        { name: "name", label: t("files.name"), optional: true },
        { name: "crs", label: t("files.crs"), options: own("files.crs_own", systems), hint: t("files.crs_hint") },
        { name: "encoding", label: t("files.encoding"), options: own("files.encoding_own", ENCODINGS.map((one) => [one, one])), hint: t("files.encoding_hint") },
      ],
      yes: t("files.import_yes"),
      act: async ({ file, name, crs, encoding }) => {
        const body = new FormData();
        body.append("file", file);
        if (name.trim()) body.append("name", name.trim());
        const query = new URLSearchParams(Object.entries({ crs, encoding }).filter(([, value]) => value));
        const answer = await fetch(`${desk.page.plans}/import?${query}`, { method: "POST", body, headers: { "accept-language": language() } });
        const said = await answer.json();
        if (!answer.ok) throw new Refused({ status: answer.status, ...said });
        await desk.plans.read();
        desk.tab = "problems";
        await desk.open(said.plan.id);
        desk.say(t("files.imported", { cells: said.file.read, name: said.plan.name, n: said.problems.features.length }), "good");
      },
    });
  }

  /** A plan as files: to exchange, and the official ones. @param {any} plan  its entry */
  takeOut(plan) {
    const { desk } = this;
    const url = `${desk.page.plans}/${plan.id}`;
    const problem = element("p", "", "problem");
    problem.setAttribute("role", "alert");
    const bar = element("progress");
    bar.hidden = true;
    const doing = async (/** @type {() => Promise<void>} */ act) => {
      problem.textContent = "";
      bar.hidden = false;
      try {
        await act();
      } catch (error) {
        problem.textContent = desk.named(error.message);
      } finally {
        bar.hidden = true;
      }
    };
    const line = (/** @type {string} */ name, /** @type {() => Promise<void>} */ act, ...more) => {
      const item = element("li");
      const text = element("div");
      text.append(element("b", t(`files.${name}`)), element("small", t(`files.${name}_say`)), ...more);
      item.append(text, button(t("files.save"), () => doing(act)));
      item.dataset.file = name;
      return item;
    };
    const exchange = element("ul", "", "files");
    exchange.append(...FORMATS.map((form) => line(form, () => keep(`${url}/export?format=${form}`))));
    const official = element("ul", "", "files");
    if (plan.base) official.append(line("changes", () => keep(`${url}/changes`)));
    const found = areas(desk);
    let { within } = found;
    // One sheet is there at once; those of a larger area are drawn beside the work.
    const drawn = async () => {
      if (within.length === 12) return keep(`${url}/sheets?within=${within}`);
      const job = await ask(`${url}/sheets`, "POST", { within });
      shut();
      this.sheets.begin({ id: job.id, within });
    };
    official.append(line("sheets", drawn, select("within", found.options, within, (code) => {
      within = code;
    })));
    telling(t("files.export_title", { name: plan.name }), [
      element("h3", t("files.official")), official, element("h3", t("files.exchange")), exchange, bar, problem,
    ]);
  }

  /** That the sheets are there, and the way to them. @param {any} job */
  ready(job) {
    const file = async () => {
      try {
        await keep(`${this.desk.page.jobs}/${job.id}/file`);
      } catch (error) {
        this.desk.say(error.message, "problem");
      }
    };
    return [element("p", t("files.sheets_ready"), "say"), row(
      button(t("files.save"), file, "go"), button(t("planner.close"), () => this.sheets.end()),
    )];
  }
}

/** Fetch a file and let the browser keep it; a refusal is thrown in words. @param {string} url */
async function keep(url) {
  const answer = await fetch(url, { headers: { "accept-language": language() } });
  if (!answer.ok) throw new Refused({ status: answer.status, ...(await answer.json()) });
  const name = /filename\*=UTF-8''(\S+)/.exec(answer.headers.get("content-disposition") ?? "")?.[1];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = decodeURIComponent(name ?? "plan");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
