// SPDX-License-Identifier: Apache-2.0
// Which area is meant: one of a list, at first the one that is looked at.

import { t } from "./words.js";

/**
 * The areas above the cells of the open plan, each below the one it lies in, and the community that is looked at:
 * that of the chosen cell, else the one in the middle of the map.
 * @param {any} desk @returns {{options: [string, string][], within: string}}
 */
export function areas(desk) {
  const { plan, chosen, map } = desk;
  const codes = Object.keys(plan.areas).sort();
  const indent = { 6: "", 9: "　", 12: "　　" };
  const { lat, lng } = map.getCenter();
  const within = chosen[0]?.slice(0, 12) ?? plan.at(lng, lat)?.community ?? codes.find((code) => code.length === 12);
  const name = (/** @type {string} */ code) => (code.length === 6 ? t("areas.whole", { name: plan.name(code) }) : plan.name(code));
  return { options: codes.map((code) => [code, indent[code.length] + name(code)]), within };
}
