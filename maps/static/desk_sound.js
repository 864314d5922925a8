// SPDX-License-Identifier: Apache-2.0
// The desk is heard when somebody has to act: two notes, again and again until he looks.

const KEY = "wangge-desk-silent";
const AGAIN_MS = 12_000;
const RING_MS = 2000;
const NOTES = [880, 660];

export class Sound {
  constructor() {
    this.on = localStorage.getItem(KEY) !== "yes";
    /** @type {AudioContext|null} */
    this.context = null;
    this.timer = 0;
    this.bell = 0;
    // Browsers stay silent until somebody has touched the page.
    const unlock = () => {
      this.context ??= new AudioContext();
      this.context.resume();
    };
    for (const touch of ["keydown", "pointerdown"]) addEventListener(touch, unlock, { once: true });
  }

  /** @param {boolean} on */
  switch(on) {
    this.on = on;
    localStorage.setItem(KEY, on ? "no" : "yes");
  }

  /** Begin to call, or be quiet. @param {boolean} wanted */
  call(wanted) {
    if (wanted === this.timer > 0) return;
    clearInterval(this.timer);
    this.timer = 0;
    if (!wanted) return;
    this.play();
    this.timer = window.setInterval(() => this.play(), AGAIN_MS);
  }

  /** Somebody calls the desk: until it is answered. @param {boolean} on */
  ring(on) {
    if (on === this.bell > 0) return;
    clearInterval(this.bell);
    this.bell = 0;
    if (!on) return;
    this.play();
    this.bell = window.setInterval(() => this.play(), RING_MS);
  }

  play() {
    if (!this.on || this.context?.state !== "running") return;
    const { context } = this;
    NOTES.forEach((frequency, i) => {
      const at = context.currentTime + i * 0.22;
      const tone = new OscillatorNode(context, { frequency, type: "triangle" });
      const loud = new GainNode(context, { gain: 0 });
      loud.gain.setTargetAtTime(0.25, at, 0.01);
      loud.gain.setTargetAtTime(0, at + 0.16, 0.03);
      tone.connect(loud).connect(context.destination);
      tone.start(at);
      tone.stop(at + 0.4);
    });
  }
}
