// SPDX-License-Identifier: Apache-2.0
// Long work beside the page: watched until it ends, shown with a bar, given up by a button.

import { ask } from "./ask.js";
import { element } from "./patrol_words.js";
import { button, row } from "./planner_tools.js";
import { t } from "./words.js";

const AGAIN_MS = 700;

/** Whether it waits or runs. @param {any} job */
export function goesOn(job) {
  return ["queued", "running"].includes(job?.state);
}

/**
 * Watch a job: `tell` hears how it stands until it has ended or nobody wants to know any more.
 * @param {string} url
 * @param {(job: any) => void} tell
 * @param {() => boolean} wanted
 */
export async function watch(url, tell, wanted) {
  for (;;) {
    const job = await ask(url);
    if (!wanted()) return;
    tell(job);
    if (!goesOn(job)) return;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    if (!wanted()) return;
  }
}

/**
 * A job that goes on beside the work, over a reload too: a box with its bar, and what came of it.
 * What is kept of it is at least `id` (the job's) and `within` (an area's code).
 */
export class Beside {
  /**
   * @param {any} desk
   * @param {string} name  of its box, and of what is kept
   * @param {{title: string, running: string, done: (job: any) => HTMLElement[]}} words  of words, and what is shown in the end
   */
  constructor(desk, name, words) {
    this.desk = desk;
    this.name = name;
    this.words = words;
    this.box = document.getElementById(name);
    /** @type {any} */
    this.job = null;
  }

  /** What was asked for. @returns {any} */
  get asked() {
    return this.desk.kept[this.name] ?? null;
  }

  /** @param {any} asked */
  keep(asked) {
    this.desk.kept[this.name] = asked;
    this.desk.save();
  }

  /** Watch another one. @param {any} asked */
  begin(asked) {
    this.keep(asked);
    this.resume();
  }

  /** Watch what was asked for, after a reload too. */
  async resume() {
    const { asked } = this;
    this.job = null;
    if (!asked) return;
    try {
      await watch(`${this.desk.page.jobs}/${asked.id}`, (job) => this.told(job), () => this.asked === asked);
    } catch (error) {
      this.end();
      this.desk.say(error.message, "problem");
    }
  }

  /** @param {any} job */
  told(job) {
    this.job = job;
    if (job.state === "cancelled") this.end();
    else this.show();
  }

  end() {
    this.keep(null);
    this.box.hidden = true;
  }

  show() {
    const { job } = this;
    this.box.hidden = false;
    const title = element("p", "", "title");
    const name = this.desk.plan?.name(this.asked.within) ?? this.asked.within;
    title.append(element("b", t(this.words.title, { name })));
    if (job.state === "done") this.box.replaceChildren(title, ...this.words.done(job));
    else if (job.state === "failed") {
      this.box.replaceChildren(title, element("p", this.desk.named(job.problem?.detail ?? ""), "problem"), row(button(t("planner.close"), () => this.end())));
    } else this.box.replaceChildren(title, ...progress(job, this.words.running, () => this.cancel()));
  }

  async cancel() {
    try {
      this.told(await ask(`${this.desk.page.jobs}/${this.asked.id}/cancel`, "POST"));
    } catch (error) {
      this.desk.say(error.message, "problem");
    }
  }
}

/** How far a job is, and the button that gives it up. @param {any} job @param {string} word @param {() => void} cancel */
export function progress(job, word, cancel) {
  const running = job.state === "running";
  const bar = element("progress");
  if (running) bar.setAttribute("value", String(job.progress));
  const said = running ? t(word, { n: Math.round(job.progress * 100) }) : t("job.queued");
  return [bar, element("p", said, "say"), row(button(t("job.cancel"), cancel))];
}
