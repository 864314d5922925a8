// SPDX-License-Identifier: Apache-2.0
// Plans from files and to files.

import { Refused } from "./ask.js";
import { element } from "./patrol_words.js";
import { asking, telling } from "./planner_dialogs.js";
import { language, t } from "./words.js";

const FORMATS = ["shp", "gpkg", "geojson"];
// What districts hand over: geographic, and metric zones of 3 degrees around Liaoning.
const SYSTEMS = ["4326", "4490", "4549", "4550", "4551"];
const ENCODINGS = ["UTF-8", "GBK", "GB18030"];

export class Files {
  /** @param {any} desk */
  constructor(desk) {
    this.desk = desk;
  }

  /** A draft from a file, with what the doctor says of it. */
  bringIn() {
    const { desk } = this;
    const own = (/** @type {string} */ word, values) => /** @type {[string, string][]} */ ([["", t(word)], ...values.map((one) => [one, one])]);
    asking({
      title: t("files.import_title"),
      say: t("files.import_say"),
      fields: [
        { name: "file", label: t("files.file"), type: "file", accept: ".zip,.gpkg,.geojson,.json" },
        { name: "name", label: t("files.name"), optional: true },
        { name: "crs", label: t("files.crs"), options: own("files.crs_own", SYSTEMS.map((code) => `EPSG:${code}`)) },
        { name: "encoding", label: t("files.encoding"), options: own("files.encoding_own", ENCODINGS) },
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
        desk.say(t("files.imported", { cells: desk.plan.cells.size, name: said.plan.name, n: said.problems.features.length }), "good");
      },
    });
  }

  /** A plan as a file. @param {any} plan */
  takeOut(plan) {
    const list = element("ul", "", "files");
    for (const form of FORMATS) {
      const item = element("li");
      const link = element("a", t(`files.${form}`));
      link.setAttribute("href", `${this.desk.page.plans}/${plan.id}/export?format=${form}`);
      link.setAttribute("download", "");
      item.append(link, element("small", t(`files.${form}_say`)));
      list.append(item);
    }
    telling(t("files.export_title", { name: plan.name }), [list]);
  }
}
