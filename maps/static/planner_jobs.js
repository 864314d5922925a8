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

/** How far a job is, and the button that gives it up. @param {any} job @param {string} word @param {() => void} cancel */
export function progress(job, word, cancel) {
  const running = job.state === "running";
  const bar = element("progress");
  if (running) bar.setAttribute("value", String(job.progress));
  const said = running ? t(word, { n: Math.round(job.progress * 100) }) : t("job.queued");
  return [bar, element("p", said, "say"), row(button(t("job.cancel"), cancel))];
}
