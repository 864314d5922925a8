// SPDX-License-Identifier: Apache-2.0
// What cells are called where one goes over into another: in the open plan, or in the one before.

import { t } from "./words.js";

/** What a cell is called. @param {any} desk @param {string|null} code @param {string} none  for no cell */
export function called(desk, code, none = t("impact.none")) {
  return code ? (desk.plan.cells.get(code)?.name ?? desk.before(code)) : none;
}

/**
 * Cells that are named beside each other. Of those with one name the community tells them apart, or else the code.
 * @param {any} desk @param {(string|null)[]} codes @param {string} [none]  for no cell
 */
export function apart(desk, codes, none) {
  const names = codes.map((code) => called(desk, code, none));
  const above = (/** @type {string} */ code) => desk.plan.name(code.slice(0, 12));
  return names.map((name, i) => {
    const code = codes[i];
    const alike = codes.filter((other, j) => other && other !== code && names[j] === name);
    if (!code || !alike.length) return name;
    return t("impact.which", { name, more: alike.some((other) => above(other) === above(code)) ? code : above(code) });
  });
}

/** From one cell to another. @param {any} desk @param {string|null} before @param {string|null} after @param {string} [none]  for no cell */
export function passage(desk, before, after, none) {
  return apart(desk, [before, after], none).join(" → ");
}
