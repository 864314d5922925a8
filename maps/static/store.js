// SPDX-License-Identifier: Apache-2.0
// What the page knows: the snapshot's rows by collection, kept true by the events after it.

/** @typedef {Record<string, any>} Row */

export class Store {
  /** @param {number} fresh_s  a position older than this is shown as stale */
  constructor(fresh_s) {
    this.freshMs = fresh_s * 1000;
    /** @type {Record<string, Map<string, Row>>} */
    this.rows = {};
    /** The server's clock less ours, in ms. */
    this.ahead = 0;
    this.on = "";
  }

  /**
   * Begin anew from a snapshot.
   * @param {any} state
   */
  begin(state) {
    this.ahead = Date.parse(state.at) - Date.now();
    this.on = state.on;
    this.rows = {};
    for (const [name, rows] of Object.entries(state.collections)) {
      this.rows[name] = new Map(rows.map((row) => [keyOf(name, row), row]));
    }
  }

  /**
   * The rows of a collection by key.
   * @param {string} name
   * @returns {Map<string, Row>}
   */
  all(name) {
    return (this.rows[name] ??= new Map());
  }

  /** Whether a snapshot has come: before it nothing is known, not even that nothing is open. */
  get begun() {
    return this.on !== "";
  }

  /**
   * Put an event's body in its place. Answers what stood there before.
   * @param {any} said
   */
  apply(said) {
    this.heard(said.at);
    if (!said.collection) return undefined;
    const rows = this.all(said.collection);
    const before = rows.get(said.id);
    rows.set(said.id, said.body);
    if (said.collection === "workers" && !said.body.on_duty) this.all("positions").delete(said.id);
    return before;
  }

  /** @param {Row} position */
  move(position) {
    const rows = this.all("positions");
    const before = rows.get(position.worker);
    if (before && before.observed_at > position.observed_at) return;
    rows.set(position.worker, position);
  }

  /**
   * Nothing is heard before it happens: what comes quickly mends a clock that was set by a slow answer.
   * @param {string} at
   */
  heard(at) {
    this.ahead = Math.max(this.ahead, Date.parse(at) - Date.now());
  }

  /** The server's present, in ms. */
  now() {
    return Date.now() + this.ahead;
  }

  /** Workers who took an incident that is still theirs. */
  engaged() {
    const found = new Set();
    for (const linkup of this.all("linkups").values()) {
      if (linkup.status !== "open" && !this.openIncident(linkup.incident)) continue;
      for (const ask of linkup.asked) {
        if (ask.state === "accepted" || ask.state === "arrived") found.add(ask.worker);
      }
    }
    return found;
  }

  /** @param {string} id */
  openIncident(id) {
    const incident = this.all("incidents").get(id);
    return incident !== undefined && incident.status !== "closed";
  }

  /** Open incidents, the gravest and newest first. */
  incidents() {
    const weight = { emergency: 2, urgent: 1, normal: 0 };
    return [...this.all("incidents").values()]
      .filter((incident) => incident.status !== "closed")
      .sort(
        (a, b) =>
          weight[b.severity] - weight[a.severity] || b.reported_at.localeCompare(a.reported_at),
      );
  }

  /**
   * The linkup of an incident that counts: the open one, else the last.
   * @param {string} incident
   */
  linkupOf(incident) {
    let found;
    for (const linkup of this.all("linkups").values()) {
      if (linkup.incident === incident && (!found || linkup.status === "open")) found = linkup;
    }
    return found;
  }

  /**
   * The step at which a linkup stands that climbs, or that a person has taken on.
   * @param {Row|undefined} linkup
   */
  stepOf(linkup) {
    const steps = linkup?.status === "open" && !linkup.lead ? (linkup.climb ?? []) : [];
    return (
      steps.find((step) => step.state === "acknowledged") ??
      steps.findLast((step) => step.state === "asked")
    );
  }

  /**
   * Where an open incident stands, in one word for flag, card and figures. Nobody answers when its
   * linkup runs without a lead, no ask is left that might still be accepted, and no level below
   * command is being asked: until somebody takes responsibility.
   * @param {Row} incident
   * @returns {"unlocated"|"open"|"calling"|"unanswered"|"linked"|"closed"}
   */
  standing(incident) {
    if (incident.status !== "open" && incident.status !== "linked") return incident.status;
    const linkup = this.linkupOf(incident.id);
    const has = (...states) =>
      linkup.asked.some((ask) => states.includes(ask.state) && !ask.helper);
    if (linkup?.status !== "open") return incident.status;
    if (linkup.lead || has("accepted", "arrived")) return "linked";
    const step = this.stepOf(linkup);
    const waits = step && (step.answer_by || step.state === "acknowledged");
    return has("asked") || waits ? "calling" : "unanswered";
  }

  /**
   * How a worker on duty is shown.
   * @param {string} worker
   * @param {Set<string>} engaged
   */
  stateOf(worker, engaged) {
    if (engaged.has(worker)) return "engaged";
    const position = this.all("positions").get(worker);
    if (!position) return "unseen";
    return this.now() - Date.parse(position.observed_at) > this.freshMs ? "stale" : "fresh";
  }
}

/**
 * @param {string} collection
 * @param {Row} row
 */
function keyOf(collection, row) {
  return collection === "positions" ? row.worker : row.id;
}
