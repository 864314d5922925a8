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
    /** The number of the newest signal read. */
    this.read = 0;
    /** The number of the line; the end that offers counts. */
    this.number = 0;
    /** What waits for the socket. @type {string[]} */
    this.unsent = [];
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
    const socket = new WebSocket(`${address}?after=${this.read}`);
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
        this.read = Math.max(this.read, said.number);
        this.follows(() => this.follow(said.body));
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

  /** One step after the other. @param {() => Promise<void>} step */
  follows(step) {
    const safe = () => (this.closed ? undefined : step());
    this.following = this.following.then(safe).catch((error) => console.warn(String(error)));
  }

  /** @param {any} said */
  hello(said) {
    this.failures = 0;
    this.servers = said.ice_servers;
    for (const kept of this.unsent.splice(0)) this.socket?.send(kept);
    this.send({ here: true });
    if (this.offers && this.state === "broken") this.follows(() => this.mend());
  }

  /** @param {any} body */
  send(body) {
    const { me: from, peer: to, number: line } = this;
    const said = JSON.stringify({ kind: "signal", body: { from, to, line, ...body } });
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(said);
    else this.unsent.push(said);
  }

  /** One thing the other end says. @param {any} body */
  async follow({ from, to, line, here, description, candidate }) {
    if (this.closed || (to && to !== this.me)) return;
    if (here) {
      if (from !== this.peer) {
        this.peer = from;
        this.number = 0;
        if (this.offers) await this.renew();
        else this.send({ here: true });
      } else if (this.offers && this.state === "broken") await this.mend();
      return;
    }
    if (from !== this.peer) return;
    if (description?.type === "offer" && !this.offers && line > this.number) {
      this.number = line;
      this.connect();
    }
    // What was said of a line before this one.
    if (line !== this.number || !this.line) return;
    if (description) {
      await this.line.setRemoteDescription(description);
      if (description.type === "offer") {
        await this.line.setLocalDescription();
        this.send({ description: this.line.localDescription });
      }
    } else if (candidate) await this.line.addIceCandidate(candidate);
  }

  /** Another line, with a number of its own. */
  async renew() {
    this.number += 1;
    this.connect();
    await this.offer(false);
  }

  /** Find another way for the line there is; one that never was agreed on is made anew. */
  async mend() {
    const agreed = this.line?.signalingState === "stable" && this.line.remoteDescription;
    if (agreed) await this.offer(true);
    else await this.renew();
  }

  /** @param {boolean} again */
  async offer(again) {
    const line = this.line;
    await line.setLocalDescription(await line.createOffer({ iceRestart: again }));
    if (this.line === line) this.send({ description: line.localDescription });
  }

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
      if (state === "failed" && this.offers) this.follows(() => this.mend());
    }
    if (this.state !== before) this.options.changed();
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
