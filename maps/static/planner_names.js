// SPDX-License-Identifier: Apache-2.0
// What cells are called where one goes over into another: in the open plan, or in the one before.

import { t } from "./words.js";

/** What a cell is called. @param {any} desk @param {string|null} code @param {string} none  for no cell */
export function called(desk, code, none = t("impact.none")) {
  return code ? (desk.plan.cells.get(code)?.name ?? desk.before(code)) : none;
}

/**
 * From one cell to another. Where both have one name the community tells them apart, or else the code.
 * @param {any} desk @param {string|null} before @param {string|null} after @param {string} [none]  for no cell
 */
export function passage(desk, before, after, none) {
  const names = [before, after].map((code) => called(desk, code, none));
  if (before && after && before !== after && names[0] === names[1]) {
    const above = [before, after].map((code) => desk.plan.name(code.slice(0, 12)));
    const more = above[0] === above[1] ? [before, after] : above;
    names.forEach((name, i) => (names[i] = t("impact.which", { name, more: more[i] })));
  }
  return names.join(" → ");
}
