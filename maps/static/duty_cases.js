// SPDX-License-Identifier: Apache-2.0
// What has climbed to an account, and what it has taken charge of.

/**
 * @typedef {object} Case
 * @property {any} linkup
 * @property {any} incident
 * @property {any} step  of the climb: his own, or the one at which he took charge
 * @property {"rings"|"mine"|"passed"} stand  it rings for him; he is in charge; it has climbed past
 *   him, and he still may take it
 */

const ORDER = { rings: 0, mine: 1, passed: 2 };
const GRAVE = { emergency: 0, urgent: 1, normal: 2 };

/**
 * What rings first, the gravest first, the oldest first.
 * @param {import("./store.js").Store} store
 * @param {string} account
 * @returns {Case[]}
 */
export function waiting(store, account) {
  /** @type {Case[]} */
  const found = [];
  for (const linkup of store.all("linkups").values()) {
    const incident = store.all("incidents").get(linkup.incident);
    if (linkup.status !== "open" || !incident || incident.status === "closed") continue;
    const taken = linkup.climb.find((step) => step.state === "acknowledged");
    const own = linkup.climb.findLast((step) => step.called.some((one) => one.account === account));
    if (taken?.by?.account === account) found.push({ linkup, incident, step: taken, stand: "mine" });
    else if (own && !taken && !linkup.lead) {
      found.push({ linkup, incident, step: own, stand: own.state === "asked" ? "rings" : "passed" });
    }
  }
  return found.sort(
    (a, b) => ORDER[a.stand] - ORDER[b.stand]
      || GRAVE[a.incident.severity] - GRAVE[b.incident.severity]
      || a.step.asked_at.localeCompare(b.step.asked_at),
  );
}
