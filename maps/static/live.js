// SPDX-License-Identifier: Apache-2.0
// The live feed as a screen needs it. Read by fetch, not by EventSource: only so can a page notice
// that not even the comments arrive any more, and say that what it shows is old.

/**
 * @typedef {object} Message
 * @property {string} event
 * @property {any} data
 */
/** @typedef {"connecting"|"live"|"lost"|"ended"} LinkState */
/**
 * @typedef {object} Follower
 * @property {() => Promise<{seq: number, epoch: string}>} reload  fetch the state anew
 * @property {(messages: Message[]) => void} happened
 * @property {(state: LinkState) => void} link
 */

// The server says something every 15 s, if only a comment.
const SILENCE_MS = 25_000;
const BACKOFF_MS = [500, 1000, 2000, 5000, 10_000];

/** The session has ended: no use in trying again. */
export class SignedOut extends Error {}

/**
 * Fetch and read JSON; tells a lost session from a lost service.
 * @param {string} url
 * @param {RequestInit} [options]
 */
export async function json(url, options) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(20_000), ...options });
  if (answer.status === 401 || answer.status === 403) throw new SignedOut();
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}

/**
 * Follow the feed for as long as the page lives: state first, then every event after it.
 * @param {string} url
 * @param {Follower} follower
 */
export async function follow(url, follower) {
  let seen = null;
  let failures = 0;
  for (;;) {
    try {
      if (seen === null) seen = await follower.reload();
      const began = Date.now();
      const goOn = await listen(url, seen, follower);
      if (!goOn) seen = null;
      // A stream that lasted was a good one: come back at once.
      failures = Date.now() - began > 5000 ? 0 : failures + 1;
    } catch (error) {
      if (error instanceof SignedOut) {
        follower.link("ended");
        return;
      }
      failures += 1;
    }
    follower.link("lost");
    const wait = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)];
    await pause(wait * (0.75 + Math.random() / 2));
  }
}

// Another plan is in force: every area on the map may be another one. Not while somebody types.
function drawAnew() {
  const typed = [...document.querySelectorAll("input[type=text], input[type=search], textarea")];
  const busy = typed.some((field) => /** @type {HTMLInputElement} */ (field).value !== "");
  if (busy) setTimeout(drawAnew, 2000);
  else location.reload();
}

/** Wait, but no longer than until the browser has a network again. @param {number} ms */
async function pause(ms) {
  const over = new AbortController();
  await new Promise((done) => {
    setTimeout(done, ms);
    addEventListener("online", done, { signal: over.signal });
  });
  over.abort();
}

/**
 * Read one stream to its end. False: the state must be fetched anew.
 * @param {string} url
 * @param {{seq: number, epoch: string}} seen
 * @param {Follower} follower
 */
async function listen(url, seen, follower) {
  const given = new AbortController();
  let silence = 0;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => given.abort(), SILENCE_MS);
  };
  heard();
  // The browser knows of a lost network at once; the stream would only fall silent.
  addEventListener("offline", () => given.abort(), { signal: given.signal });
  try {
    const answer = await fetch(`${url}?after=${seen.seq}&epoch=${seen.epoch}`, {
      headers: { accept: "text/event-stream" },
      signal: given.signal,
    });
    if (answer.status === 401 || answer.status === 403) throw new SignedOut();
    if (!answer.ok || !answer.body) throw new Error(`${url}: ${answer.status}`);
    follower.link("live");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return true;
      heard();
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      const messages = blocks.map(parse).filter((message) => message.data !== null);
      if (messages.some((message) => message.event === "reload")) {
        given.abort();
        return false;
      }
      if (messages.some((message) => message.event === "plan.took_effect")) drawAnew();
      for (const message of messages) seen.seq = message.id ?? seen.seq;
      follower.happened(messages);
    }
  } finally {
    clearTimeout(silence);
    given.abort();
  }
}

/** @param {string} block */
function parse(block) {
  let event = "message";
  let id = null;
  let data = null;
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) event = line.slice(7);
    else if (line.startsWith("id: ")) id = Number(line.slice(4));
    else if (line.startsWith("data: ")) data = JSON.parse(line.slice(6));
  }
  return { event, id, data };
}
