// SPDX-License-Identifier: Apache-2.0
// Asking the service, and asking the person before something is done.

import { element } from "./patrol_words.js";
import { language, t } from "./words.js";

/** What the service refused, in the reader's words; `said` is the whole problem. */
export class Refused extends Error {
  /** @param {any} said */
  constructor(said) {
    super(said.detail ?? t("no_service"));
    this.said = said;
    /** @type {number} */
    this.status = said.status;
  }
}

/**
 * JSON of an address. A refusal is thrown in the reader's words.
 * @param {string} url
 * @param {string} [method]
 * @param {any} [body]
 * @param {RequestInit} [more]
 */
export async function ask(url, method = "GET", body = undefined, more = {}) {
  const { headers, ...options } = more;
  let answer;
  try {
    answer = await fetch(url, {
      method,
      headers: { "accept-language": language(), "content-type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      ...options,
    });
  } catch {
    throw new Error(t("no_service"));
  }
  const said = await answer.json();
  if (!answer.ok) throw new Refused({ status: answer.status, ...said });
  return said;
}

/** As crypto.randomUUID, which plain http pages do not have. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/**
 * Every item of a list, page by page.
 * @param {string} url
 * @param {number} [most]
 */
export async function items(url, most = Infinity) {
  const found = [];
  let cursor = null;
  do {
    const more = cursor ? `${url.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}` : "";
    const page = await ask(url + more);
    found.push(...page.items);
    cursor = page.next ?? null;
  } while (cursor && found.length < most);
  return found;
}

/**
 * A dialog with one way on for each choice; `act` is called with the choice and the text. It stays
 * open, and says why, when the service refuses.
 * @param {{title: string, say?: string, text?: string, choices: {name: string, kind?: string}[],
 *   act: (choice: string, text: string) => Promise<void>, after?: () => void, leave?: string}} asked
 *   `after` follows once the dialog has closed on a choice; `leave` is the word of the way out
 */
export function decide({ title, say, text, choices, act, after, leave: left = "cancel" }) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("dialog"));
  const form = element("form");
  form.append(element("h2", title));
  if (say) form.append(element("p", say));
  const area = /** @type {HTMLTextAreaElement} */ (element("textarea"));
  if (text) {
    area.maxLength = 2000;
    area.rows = 4;
    area.placeholder = text;
    area.setAttribute("aria-label", text);
    form.append(area);
  }
  const problem = element("p", "", "problem");
  const row = element("p", "", "choices");
  const leave = element("button", t(left), "quiet");
  leave.setAttribute("type", "button");
  leave.addEventListener("click", () => dialog.close());
  row.append(leave);
  for (const { name, kind } of choices) {
    const button = /** @type {HTMLButtonElement} */ (element("button", t(name), kind ?? ""));
    button.type = "button";
    button.dataset.choice = name;
    button.addEventListener("click", async () => {
      const said = area.value.trim();
      if (text && !said) {
        problem.textContent = t("say_why");
        area.focus();
        return;
      }
      button.disabled = true;
      try {
        await act(name, said);
        dialog.close();
        after?.();
      } catch (error) {
        problem.textContent = error.message;
        button.disabled = false;
      }
    });
    row.append(button);
  }
  form.append(problem, row);
  dialog.replaceChildren(form);
  dialog.showModal();
}
