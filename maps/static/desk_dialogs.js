// SPDX-License-Identifier: Apache-2.0
// What is asked before an incident is closed, merged or handed over: arrows choose, Enter does it.

import { ask, items } from "./ask.js";
import { clock, element } from "./patrol_words.js";
import { t } from "./words.js";

/**
 * @typedef {object} Option
 * @property {string} value
 * @property {string} label
 * @property {string} [detail]
 */

/**
 * @param {{title: string, options?: Option[], none?: string, text: string, needed?: boolean,
 *   say?: (value: string) => string[], act: (value: string, text: string) => Promise<void>}} asked
 *   `none` is said where there is nothing to choose from; `say` tells what a choice would do
 */
function choose({ title, options, none, text, needed = false, say, act }) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("dialog"));
  const form = /** @type {HTMLFormElement} */ (element("form"));
  form.append(element("h2", title));
  const empty = options && !options.length;
  if (empty) form.append(element("p", none));
  if (options?.length) {
    const group = element("fieldset", "", "options");
    options.forEach((one, n) => {
      const label = element("label");
      const radio = /** @type {HTMLInputElement} */ (element("input"));
      Object.assign(radio, { type: "radio", name: "value", value: one.value, checked: n === 0 });
      label.append(radio, element("b", one.label), element("small", one.detail ?? ""));
      group.append(label);
    });
    form.append(group);
  }
  const effect = element("div", "", "effect");
  const line = /** @type {HTMLInputElement} */ (element("input"));
  Object.assign(line, { maxLength: 2000, placeholder: text });
  line.setAttribute("aria-label", text);
  const problem = element("p", "", "problem");
  problem.setAttribute("role", "alert");
  const row = element("p", "", "choices");
  const cancel = element("button", `${t("ask.cancel")} Esc`, "quiet");
  cancel.setAttribute("type", "button");
  cancel.addEventListener("click", () => dialog.close());
  const go = /** @type {HTMLButtonElement} */ (element("button", `${t("ask.go")} ↵`));
  go.type = "submit";
  row.append(cancel);
  if (!empty) {
    form.append(effect, line);
    row.append(go);
  }
  form.append(problem, row);
  const busy = (/** @type {boolean} */ on) => {
    go.disabled = line.readOnly = on;
    go.textContent = on ? t("ask.going") : `${t("ask.go")} ↵`;
    form.setAttribute("aria-busy", String(on));
  };
  const value = () => String(new FormData(form).get("value") ?? "");
  const tell = () => effect.replaceChildren(...(say?.(value()) ?? []).map((one) => element("p", one)));
  form.addEventListener("change", tell);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = line.value.trim();
    if (needed && !words) {
      problem.textContent = t("ask.needed");
      line.focus();
      return;
    }
    problem.textContent = "";
    busy(true);
    try {
      await act(value(), words);
      // Left meanwhile, another question may stand there.
      if (form.isConnected) dialog.close();
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      busy(false);
    }
  });
  tell();
  dialog.replaceChildren(form);
  dialog.showModal();
  /** @type {HTMLElement} */ (form.querySelector("input[type=radio]") ?? line).focus();
}

/** @param {any} page @param {any} row */
export function close(page, row) {
  choose({
    title: `${t("ask_close.title")} · ${row.title}`,
    text: t("ask_close.text"),
    needed: true,
    act: async (_, outcome) => {
      await ask(`${page.incidents}/${row.id}/close`, "POST", { outcome });
    },
  });
}

/** @param {any} page @param {any} row */
export async function transfer(page, row) {
  const found = await items(page.departments);
  choose({
    title: `${t("ask_transfer.title")} · ${row.title}`,
    options: found.map(({ id, name, phone }) => ({ value: id, label: name, detail: phone ?? "" })),
    none: t("ask_transfer.none"),
    text: t("ask_transfer.text"),
    act: async (department, text) => {
      await ask(`${page.incidents}/${row.id}/transfer`, "POST", { department, text: text || null });
    },
  });
}

/**
 * Merge two incidents: the one that is further along stays, the older one of two that are equal.
 * @param {any} page
 * @param {any} row
 * @param {import("./desk_board.js").Board} board
 * @param {(stays: string) => void} merged
 */
export function merge(page, row, board, merged) {
  const others = board.others(row, page.time_zone);
  const sides = (/** @type {string} */ id) => {
    const { row: other } = others.find((one) => one.row.id === id);
    const ahead = board.progress(row) - board.progress(other);
    const older = row.reported_at <= other.reported_at;
    const stays = ahead > 0 || (ahead === 0 && older) ? row : other;
    return { stays, goes: stays === row ? other : row };
  };
  choose({
    title: `${t("ask_merge.title")} · ${row.title}`,
    options: others.map(({ row: other, detail }) => ({ value: other.id, label: other.title, detail })),
    none: t("ask_merge.none"),
    text: t("ask_merge.text"),
    say: (id) => {
      if (!id) return [];
      const { stays, goes } = sides(id);
      const named = (/** @type {any} */ one) =>
        [one.title, clock(one.reported_at, page.time_zone), one.label].filter(Boolean).join(" · ");
      return [t("ask_merge.stays", { stays: named(stays) }), t("ask_merge.goes", { goes: named(goes) })];
    },
    act: async (id, text) => {
      const { stays, goes } = sides(id);
      const body = { into: stays.id, text: text || null };
      await ask(`${page.incidents}/${goes.id}/merge`, "POST", body);
      merged(stays.id);
    },
  });
}
