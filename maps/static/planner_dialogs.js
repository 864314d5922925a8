// SPDX-License-Identifier: Apache-2.0
// Dialogs with fields: what is asked for is sent when it is confirmed, and refusals stay in sight.

import { element } from "./patrol_words.js";
import { t } from "./words.js";

/**
 * @typedef {{name: string, label: string, type?: string, value?: string|number, min?: string|number,
 *   max?: string|number, step?: string, hint?: string, accept?: string, optional?: boolean, options?: [string, string][]}} Field
 */

const dialog = () => /** @type {HTMLDialogElement} */ (document.getElementById("dialog"));

/**
 * Ask for some values and do something with them.
 * @param {{title: string, say?: string, fields?: Field[], body?: HTMLElement[], below?: HTMLElement[], yes: string, kind?: string,
 *   act: (values: Record<string, any>) => Promise<any>, wide?: boolean}} asked
 */
export function asking({ title, say, fields = [], body = [], below = [], yes, kind = "", act, wide = false }) {
  const form = /** @type {HTMLFormElement} */ (element("form"));
  form.append(element("h2", title));
  if (say) form.append(element("p", say, "say"));
  form.append(...body, ...fields.map(fieldOf), ...below);
  const problem = element("p", "", "problem");
  problem.setAttribute("role", "alert");
  const row = element("p", "", "choices");
  const leave = /** @type {HTMLButtonElement} */ (element("button", t("cancel"), "quiet"));
  leave.type = "button";
  leave.addEventListener("click", () => dialog().close());
  const go = /** @type {HTMLButtonElement} */ (element("button", yes, `go ${kind}`));
  go.type = "submit";
  row.append(leave, go);
  form.append(problem, row);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    go.disabled = true;
    const bar = element("progress");
    form.insertBefore(bar, problem);
    try {
      await act(valuesOf(form));
      dialog().close();
    } catch (error) {
      problem.textContent = error.message;
      go.disabled = false;
      bar.remove();
    }
  });
  const box = dialog();
  box.classList.toggle("wide", wide);
  box.replaceChildren(form);
  box.showModal();
  const first = /** @type {HTMLInputElement|null} */ (form.querySelector("input, select"));
  first?.focus();
  if (first?.type === "text") first.select();
}

/** Show something until it is put away. @param {string} title @param {HTMLElement[]} body */
export function telling(title, body) {
  const form = element("form");
  form.setAttribute("method", "dialog");
  const row = element("p", "", "choices");
  row.append(element("button", t("planner.close"), "quiet"));
  form.append(element("h2", title), ...body, row);
  const box = dialog();
  box.classList.add("wide");
  box.replaceChildren(form);
  box.showModal();
}

export const shut = () => dialog().close();

/** @param {Field} field */
function fieldOf(field) {
  const label = element("label", "", "field");
  label.append(element("span", field.label));
  const input = /** @type {HTMLInputElement} */ (element(field.options ? "select" : "input"));
  input.name = field.name;
  if (field.options) {
    for (const [value, text] of field.options) {
      const option = /** @type {HTMLOptionElement} */ (element("option", text));
      option.value = value;
      input.append(option);
    }
  } else {
    input.type = field.type ?? "text";
    input.required = field.type !== "checkbox" && !field.optional;
    if (input.type === "text") input.maxLength = 60;
  }
  for (const name of ["min", "max", "step", "accept"]) {
    if (field[name] !== undefined) input.setAttribute(name, String(field[name]));
  }
  if (field.type === "checkbox") input.checked = Boolean(field.value);
  else if (field.value !== undefined) input.value = String(field.value);
  label.append(input);
  if (field.hint) label.append(element("small", field.hint));
  return label;
}

/** @param {HTMLFormElement} form */
function valuesOf(form) {
  /** @type {Record<string, any>} */
  const values = {};
  for (const input of form.querySelectorAll("input, select")) {
    const { name, type, value, checked, files } = /** @type {any} */ (input);
    values[name] = type === "checkbox" ? checked : type === "number" ? Number(value) : type === "file" ? files[0] : value;
  }
  return values;
}
