// SPDX-License-Identifier: Apache-2.0
// Adopting a plan and taking it back: each as one act, told before it is done.

import { ask } from "./ask.js";
import { element } from "./patrol_words.js";
import { asking } from "./planner_dialogs.js";
import { called, passage } from "./planner_names.js";
import { day } from "./planner_plans.js";
import { button, row } from "./planner_tools.js";
import { t } from "./words.js";

/** The civil day after another. @param {string} date */
export function next(date) {
  const [year, month, on] = date.split("-").map(Number);
  return new Date(Date.UTC(year, month - 1, on + 1)).toISOString().slice(0, 10);
}

/** How many areas of which level got a code for good. @param {string[]} codes */
function numbered(codes) {
  return [9, 12, 15, 18]
    .map((length) => [length, codes.filter((code) => code.length === length).length])
    .filter(([, n]) => n)
    .map(([length, n]) => t(`publish.numbered_${length}`, { n }))
    .join(t("publish.and")) || t("publish.numbered_none");
}

export class Publishing {
  /** @param {any} desk */
  constructor(desk) {
    this.desk = desk;
  }

  /** Whether the open plan hands something over: it was drawn here and published. */
  get hands() {
    const entry = this.desk.plan?.entry;
    return entry?.status === "published" && entry.base !== null;
  }

  /** @param {any} plan @param {string} group */
  acts(plan, group) {
    if (!this.desk.page.may.publish) return [];
    if (group === "draft") return [button(t("publish.go"), () => this.publish(plan), "go")];
    if (plan.base === null || !["future", "in_force"].includes(group)) return [];
    const wall = element("a", t("publish.wall"), "button");
    wall.setAttribute("href", `/wall?on=${plan.from}`);
    wall.setAttribute("target", "_blank");
    wall.setAttribute("rel", "noopener");
    return [...(group === "future" ? [wall] : []), button(t("publish.back"), () => this.rollBack(plan, group))];
  }

  publish(plan) {
    const { desk } = this;
    const tomorrow = next(desk.page.today);
    const what = element("ul", "", "what");
    const problems = desk.problems.found.length;
    if (problems) {
      const stop = element("div", "", "stop");
      stop.append(element("b", t("publish.problems", { n: problems })), element("p", t("publish.problems_say")));
      asking({
        title: t("publish.title", { name: plan.name }),
        body: [stop],
        yes: t("publish.to_problems"),
        act: async () => desk.show("problems"),
      });
      return;
    }
    what.append(element("li", t("publish.weighing")));
    asking({
      title: t("publish.title", { name: plan.name }),
      say: t("publish.say"),
      fields: [{ name: "from", label: t("publish.from"), type: "date", value: tomorrow, min: tomorrow, hint: t("publish.from_hint") }],
      below: [element("h3", t("publish.what")), what],
      yes: t("publish.yes"),
      act: async ({ from }) => {
        const { codes } = await ask(`${desk.page.plans}/${plan.id}/publish`, "POST", { from }, desk.plan.matching());
        await desk.plans.read();
        desk.tab = "handover";
        await desk.open(plan.id);
        desk.say(t("publish.done", { name: plan.name, day: day(from), codes: numbered(Object.keys(codes)) }), "good");
      },
    });
    desk.impact.read().then(
      ({ people, workers, checkpoints, incidents, check_ins: past }) => what.replaceChildren(
        element("li", t("publish.people", { households: people.households, n: people.of_another_holder })),
        element("li", t("publish.workers", { n: workers.workers - workers.border_only, border: workers.border_only })),
        element("li", t("publish.checkpoints", { n: checkpoints.total })),
        element("li", t("publish.incidents", { n: incidents.total })),
        element("li", past ? t("publish.check_ins", { n: past.changed }) : t("publish.check_ins_open")),
        element("li", t("publish.codes")),
      ),
      (error) => what.replaceChildren(element("li", error.message)),
    );
  }

  rollBack(plan, group) {
    const { desk } = this;
    const base = desk.plans.items.find((one) => one.id === plan.base);
    asking({
      title: t("publish.back_title", { name: plan.name }),
      say: t(group === "future" ? "publish.back_future" : "publish.back_now", { name: base?.name ?? "", day: day(next(desk.page.today)) }),
      yes: t("publish.back_yes"),
      kind: "danger",
      act: async () => {
        const follows = await ask(`${desk.page.plans}/${plan.id}/rollback`, "POST");
        await desk.plans.read();
        await desk.open(follows.id);
        desk.say(t("publish.back_done", { name: plan.name }), "good");
      },
    });
  }

  /** What the plan hands over, to be looked at one by one. @param {HTMLElement} box */
  async handover(box) {
    const { desk } = this;
    const { plan } = desk;
    try {
      const { items, done } = await ask(`${plan.url}/handover`);
      if (desk.plan !== plan || desk.tab !== "handover") return;
      if (!items.length) {
        box.replaceChildren(element("p", t("handover.none"), "hint"));
        return;
      }
      const bar = element("progress");
      bar.setAttribute("max", String(items.length));
      bar.setAttribute("value", String(done));
      const list = element("ol", "", "lines tasks");
      list.append(...items.map((task) => this.task(task, box)));
      box.replaceChildren(element("p", t("handover.say", { n: items.length, done }), "say"), bar, list);
    } catch (error) {
      desk.say(error.message, "problem");
    }
  }

  task(task, box) {
    const { desk } = this;
    const item = element("li", "", task.done_at ? "done" : "");
    const label = element("label");
    const tick = /** @type {HTMLInputElement} */ (element("input"));
    Object.assign(tick, { type: "checkbox", checked: Boolean(task.done_at) });
    tick.addEventListener("change", async () => {
      try {
        await ask(`${desk.plan.url}/handover/${task.id}`, "POST", { done: tick.checked });
        await this.handover(box);
      } catch (error) {
        tick.checked = !tick.checked;
        desk.say(error.message, "problem");
      }
    });
    const about = [t(`handover.${task.kind}`), task.name, task.reported_at && desk.moment(task.reported_at)].filter(Boolean);
    // A cell without a holder is one, whatever it came from.
    const where = task.kind === "unheld" ? called(desk, task.to) : passage(desk, task.area, task.to, t("handover.open"));
    const text = element("span");
    text.append(element("b", about.join(" · ")), element("small", where));
    label.append(tick, text);
    item.append(label);
    const cell = desk.plan.cells.get(task.to ?? task.area);
    if (cell) item.append(row(button(t("impact.on_map"), () => desk.goTo(cell.box), "plain")));
    return item;
  }
}
