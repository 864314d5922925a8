// SPDX-License-Identifier: Apache-2.0
// The list of plans: in force, to come, drafts, past; and what can be done with each.

import { ask, uuid } from "./ask.js";
import { element } from "./patrol_words.js";
import { asking } from "./planner_dialogs.js";
import { button, row } from "./planner_tools.js";
import { language, t } from "./words.js";

const GROUPS = ["in_force", "future", "draft", "past"];

export class Plans {
  /** @param {any} desk */
  constructor(desk) {
    this.desk = desk;
    /** @type {any[]} */
    this.items = [];
    this.unfolded = false;
    this.past = false;
  }

  async read() {
    this.items = (await ask(this.desk.page.plans)).items;
    this.show();
  }

  /** Which group a plan is in today. @param {any} plan */
  group(plan) {
    const { today } = this.desk.page;
    if (plan.status === "draft") return "draft";
    if (plan.status !== "published") return "past";
    if (plan.from > today) return "future";
    return plan.until && plan.until <= today ? "past" : "in_force";
  }

  /** The plan in force today. */
  get inForce() {
    return this.items.find((plan) => this.group(plan) === "in_force");
  }

  /** When a plan holds, or when a draft was changed. @param {any} plan */
  when(plan) {
    const from = plan.from && day(plan.from);
    if (plan.status === "published") {
      if (!plan.until) return t("planner.from", { from });
      return t("planner.from_until", { from, until: day(plan.until) });
    }
    if (plan.status === "draft") return t("planner.changed", { at: this.desk.moment(plan.changed_at ?? plan.created_at) });
    return t(`plan.${plan.status}`);
  }

  show() {
    const open = this.desk.plan?.entry;
    const listed = this.unfolded || !open;
    const list = document.getElementById("plans");
    const about = document.getElementById("open-plan");
    about.hidden = !open || listed;
    list.hidden = !listed;
    document.getElementById("tools-section").hidden = listed;
    const fold = document.getElementById("fold");
    fold.hidden = !open;
    fold.textContent = t(listed ? "planner.back_to_plan" : "planner.all_plans");
    document.getElementById("begin-row").hidden = !listed || !this.desk.page.may.write;
    if (open && !listed) this.about(about, open);
    if (!listed) return;
    list.replaceChildren(
      ...GROUPS.flatMap((group) => {
        const found = this.items.filter((plan) => this.group(plan) === group);
        if (!found.length) return [];
        const head = element("li", "", "group");
        const title = element("h3", t(`group.${group}`));
        head.append(title, element("b", String(found.length)));
        if (group === "past") {
          const more = button(t(this.past ? "planner.hide" : "planner.show"), () => {
            this.past = !this.past;
            this.show();
          }, "plain");
          head.append(more);
          if (!this.past) return [head];
        }
        return [head, ...found.map((plan) => this.line(plan, open))];
      }),
    );
  }

  line(plan, open) {
    const item = element("li", "", `plan ${this.group(plan)}`);
    item.dataset.id = plan.id;
    const go = button("", () => this.desk.open(plan.id), "name");
    go.append(element("b", plan.name), element("small", this.when(plan)));
    if (plan.id === open?.id) go.setAttribute("aria-current", "true");
    item.append(go);
    return item;
  }

  /** The open plan and what can be done with it. */
  about(box, plan) {
    const { desk } = this;
    const group = this.group(plan);
    const title = element("p", "", "title");
    title.append(element("b", plan.name), element("em", t(`status.${group}`), group));
    const base = this.items.find((other) => other.id === plan.base);
    const says = [this.when(plan)];
    if (group === "draft" && base) says.push(t("planner.based_on", { name: base.name }));
    const acts = [];
    if (desk.page.may.write) {
      acts.push(button(t(group === "draft" ? "planner.branch" : "planner.begin_here"), () => this.begin(plan)));
      if (group === "draft") {
        acts.push(button(t("planner.rename"), () => this.rename(plan)), button(t("planner.discard"), () => this.discard(plan)));
      }
    }
    box.replaceChildren(title, element("p", says.join(" · "), "say"), row(...acts, ...desk.acts(plan, group)));
  }

  /** Begin a draft. @param {any} [from]  a plan; without one the plan in force */
  begin(from) {
    const base = from ?? this.inForce;
    asking({
      title: t(from?.status === "draft" ? "planner.branch" : "planner.begin_title"),
      say: t("planner.begin_says", { name: base?.name ?? "" }),
      fields: [{ name: "name", label: t("planner.draft_name"), value: this.suggested(from) }],
      yes: t("planner.begin_go"),
      act: async ({ name }) => {
        const made = await ask(this.desk.page.plans, "POST", { id: uuid(), name, based_on: from?.id ?? "in-force" });
        await this.read();
        await this.desk.open(made.id);
      },
    });
  }

  suggested(from) {
    if (from?.status === "draft") return t("planner.branch_of", { name: from.name }).slice(0, 60);
    return t("planner.draft_of", { day: day(this.desk.page.today) });
  }

  rename(plan) {
    asking({
      title: t("planner.rename_title"),
      fields: [{ name: "name", label: t("planner.draft_name"), value: plan.name }],
      yes: t("planner.rename_go"),
      act: async ({ name }) => {
        const entry = await ask(`${this.desk.page.plans}/${plan.id}`, "PATCH", { name });
        if (this.desk.plan?.id === plan.id) this.desk.plan.entry = entry;
        await this.read();
      },
    });
  }

  discard(plan) {
    asking({
      title: t("planner.discard_title", { name: plan.name }),
      say: t("planner.discard_says"),
      yes: t("planner.discard"),
      kind: "danger",
      act: async () => {
        await ask(`${this.desk.page.plans}/${plan.id}`, "DELETE");
        await this.read();
        await this.desk.open(this.inForce?.id ?? null, true);
      },
    });
  }
}

/** A civil date as people say it. @param {string} date */
export function day(date) {
  const [year, month, on] = date.split("-").map(Number);
  const shown = new Date(Date.UTC(year, month - 1, on));
  const style = /** @type {Intl.DateTimeFormatOptions} */ ({ year: "numeric", month: language() === "en" ? "short" : "long", day: "numeric", timeZone: "UTC" });
  return new Intl.DateTimeFormat(language() === "en" ? "en-GB" : "zh-CN", style).format(shown);
}
