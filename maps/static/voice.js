// SPDX-License-Identifier: Apache-2.0
// The sound of a call: from browser to browser, by WebRTC. What the two tell each other to find their
// way goes over a WebSocket of ours. The end that rang makes the offers, always: no glare.

import { t } from "./words.js";

const AGAIN_MS = [250, 500, 1000, 2000, 4000];
// Both ends say that they are there; who is silent for longer has lost the line.
const ALIVE_MS = 4000;
const SILENT_MS = 12_000;

/** The microphone's stream. Throws why there is none, in the reader's words. */
export async function microphone() {
  if (!navigator.mediaDevices?.getUserMedia) throw new Error(t("mic.insecure"));
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
  } catch (error) {
    const why = { NotFoundError: "mic.none", NotReadableError: "mic.busy" }[error.name];
    throw new Error(t(why ?? "mic.denied"));
  }
}

export class Voice {
  /**
   * @param {{call: any, side: "desk"|"worker", stream: MediaStream,
   *   heard: (sound: MediaStream) => void, changed: () => void, over: () => void}} options
   */
  constructor(options) {
    this.options = options;
    this.offers = options.call.caller === options.side;
    // This page at this end: a page loaded anew is another one.
    this.me = crypto.getRandomValues(new Uint32Array(4)).join("-");
    /** @type {string|null} */
    this.peer = null;
    /** @type {RTCPeerConnection|null} */
    this.line = null;
    /** @type {"connecting"|"connected"|"broken"} */
    this.state = "connecting";
    this.since = Date.now();
    this.muted = false;
    this.closed = false;
    this.number = 0;
    this.failures = 0;
    /** @type {RTCIceServer[]} */
    this.servers = [];
    /** Signals are followed one after the other. */
    this.following = Promise.resolve();
    this.talking = false;
  }

  /** The call is answered: find the other end. */
  answered() {
    if (this.talking) return;
    this.talking = true;
    this.open();
  }

  open() {
    if (this.closed) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const address = `${scheme}://${location.host}/api/v1/calls/${this.options.call.id}/signals`;
    const socket = new WebSocket(`${address}?after=${this.number}`);
    this.socket = socket;
    let heardAt = Date.now();
    const alive = setInterval(() => {
      if (Date.now() - heardAt > SILENT_MS) socket.close();
      else if (socket.readyState === WebSocket.OPEN) socket.send('{"kind":"alive"}');
    }, ALIVE_MS);
    socket.addEventListener("message", ({ data }) => {
      heardAt = Date.now();
      const said = JSON.parse(data);
      if (said.kind === "hello") this.hello(said);
      else if (said.kind === "signal") {
        this.number = Math.max(this.number, said.number);
        this.following = this.following
          .then(() => this.follow(said.body))
          .catch((error) => console.warn(String(error)));
      } else if (said.kind === "over") this.options.over();
    });
    socket.addEventListener("close", () => {
      clearInterval(alive);
      if (this.closed || this.socket !== socket) return;
      const wait = AGAIN_MS[Math.min(this.failures, AGAIN_MS.length - 1)];
      this.failures += 1;
      this.timer = setTimeout(() => this.open(), wait);
    });
  }

  /** @param {any} said */
  hello(said) {
    this.failures = 0;
    this.servers = said.ice_servers;
    this.send({ here: true });
    // What was lost with the line is offered anew; the other end answers.
    if (this.offers && this.line && this.state !== "connected") this.offer(true);
  }

  /** @param {any} body */
  send(body) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify({ kind: "signal", body: { from: this.me, to: this.peer, ...body } }));
  }

  /** One thing the other end says. @param {any} body */
  async follow({ from, to, here, description, candidate }) {
    if (this.closed || (to && to !== this.me)) return;
    if (here) {
      const known = from === this.peer;
      if (known && (!this.offers || this.state === "connected")) return;
      this.peer = from;
      if (!known) this.connect();
      if (!this.offers) this.send({ here: true });
      else await this.offer(known);
      return;
    }
    if (from !== this.peer || !this.line) return;
    if (description) {
      await this.line.setRemoteDescription(description);
      if (description.type === "offer") {
        await this.line.setLocalDescription();
        this.send({ description: this.line.localDescription });
      }
    } else if (candidate) await this.line.addIceCandidate(candidate);
  }

  /** A line to a page at the other end that was not there before. */
  connect() {
    this.line?.close();
    const line = new RTCPeerConnection({ iceServers: this.servers });
    this.line = line;
    for (const track of this.options.stream.getTracks()) line.addTrack(track, this.options.stream);
    line.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate && this.line === line) this.send({ candidate });
    });
    line.addEventListener("track", ({ streams }) => this.options.heard(streams[0]));
    line.addEventListener("connectionstatechange", () => {
      if (this.line === line) this.changed(line.connectionState);
    });
  }

  /** @param {RTCPeerConnectionState} state */
  changed(state) {
    const before = this.state;
    if (state === "connected") {
      if (before === "connecting") this.since = Date.now();
      this.state = "connected";
    } else if (state === "disconnected" || state === "failed") {
      this.state = "broken";
      if (state === "failed" && this.offers) this.offer(true);
    }
    if (this.state !== before) this.options.changed();
  }

  /** @param {boolean} again  find another way for the same line */
  async offer(again) {
    const line = this.line;
    if (!line || line.signalingState === "closed") return;
    if (line.signalingState !== "stable") await line.setLocalDescription({ type: "rollback" });
    await line.setLocalDescription(await line.createOffer({ iceRestart: again }));
    this.send({ description: line.localDescription });
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    for (const track of this.options.stream.getAudioTracks()) track.enabled = !muted;
  }

  close() {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    this.line?.close();
    this.socket?.close();
    for (const track of this.options.stream.getTracks()) track.stop();
  }
}
