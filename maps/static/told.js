// SPDX-License-Identifier: Apache-2.0
// What was told on the telephone, and by whom.

import { dial } from "./patrol_words.js";
import { t } from "./words.js";

/**
 * @param {HTMLElement} part  where it is told
 * @param {string|null} label  what the reader knows of the place already
 * @param {any} more  what the service says of the incident beyond its row
 * @param {boolean} dials  whether the caller may be rung up: the task is the reader's
 */
export function tellCaller(part, label, more, dials) {
  const { name, phone, note } = more?.reporter ?? {};
  const lines = [more?.place?.address, note].filter((text) => text && text !== label);
  if (name || phone) lines.push([t("caller"), name, phone].filter(Boolean).join(" "));
  const text = lines.join("\n");
  part.hidden = !text;
  // A thumb on the number meets that number.
  const same = part.textContent === text && Boolean(part.querySelector("a")) === Boolean(phone && dials);
  if (same) return;
  part.textContent = text;
  if (phone && dials) {
    part.textContent = text.slice(0, -phone.length);
    part.append(dial(phone));
  }
}
