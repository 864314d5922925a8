// SPDX-License-Identifier: Apache-2.0
// The bell: a sound made here (there is no file of one), vibration, a notification, and a screen that
// stays on. Browsers allow most of it only after a tap, so it says whether it may.

const GAP_MS = 1600;
const VIBRATION = [500, 200, 500];
// Two tones that carry outdoors and are no ring tone of a phone.
const TONES = [
  [880, 0, 0.22],
  [1175, 0.24, 0.22],
  [880, 0.55, 0.22],
  [1175, 0.79, 0.3],
];

export class Bell {
  /** @param {() => void} changed  told when it was unlocked, or locked again */
  constructor(changed) {
    this.changed = changed;
    /** @type {AudioContext|null} */
    this.context = null;
    this.ringing = false;
    this.awake = false;
    /** @type {WakeLockSentinel|null} */
    this.lock = null;
    // Any tap will do. Once it has come down for good: what moves below a thumb is not met.
    document.addEventListener("click", () => this.unlock(), { capture: true });
    document.addEventListener("visibilitychange", () => this.wake());
  }

  /** Whether it would be heard. */
  get open() {
    return this.context?.state === "running";
  }

  /** In answer to a tap: what browsers want before they let a page ring. */
  async unlock() {
    if (this.open) return;
    this.context ??= new AudioContext();
    this.context.onstatechange = () => this.changed();
    await this.context.resume();
    this.changed();
    if (this.ringing) this.sound();
  }

  /** In answer to the button: be heard once, and ask for notifications. */
  async test() {
    await this.unlock();
    this.tones(TONES.slice(0, 2));
    navigator.vibrate?.(120);
    if ("Notification" in window && Notification.permission === "default") {
      await Notification.requestPermission();
    }
    this.changed();
  }

  /** Ring until told to be quiet; `said` is what a notification says. @param {string} [said] */
  ring(said) {
    if (this.ringing) return;
    this.ringing = true;
    this.sound();
    if (said && document.hidden) this.notify(said);
  }

  sound() {
    clearTimeout(this.timer);
    if (!this.ringing) return;
    document.documentElement.dataset.bell = this.open ? "heard" : "mute";
    if (this.open) this.tones(TONES);
    navigator.vibrate?.(VIBRATION);
    this.timer = setTimeout(() => this.sound(), GAP_MS);
  }

  quiet() {
    if (!this.ringing) return;
    this.ringing = false;
    clearTimeout(this.timer);
    navigator.vibrate?.(0);
    delete document.documentElement.dataset.bell;
    this.note?.close();
  }

  /** @param {number[][]} tones  frequency, begin, length */
  tones(tones) {
    const context = this.context;
    if (!context) return;
    for (const [frequency, begin, length] of tones) {
      const at = context.currentTime + begin;
      const tone = context.createOscillator();
      const volume = context.createGain();
      tone.type = "square";
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(0.5, at + 0.02);
      volume.gain.setValueAtTime(0.5, at + length - 0.04);
      volume.gain.linearRampToValueAtTime(0, at + length);
      tone.connect(volume).connect(context.destination);
      tone.start(at);
      tone.stop(at + length);
    }
  }

  /** @param {string} said */
  notify(said) {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    try {
      this.note = new Notification(said, { tag: "wangge-call", requireInteraction: true });
      this.note.onclick = () => window.focus();
    } catch {
      // Chromium on Android lets only service workers notify: there the bell must do.
    }
  }

  /** Keep the screen on, or let it go dark again. @param {boolean} [on] */
  async wake(on = this.awake) {
    this.awake = on;
    if (!on) {
      await this.lock?.release();
      this.lock = null;
    } else if (document.visibilityState === "visible" && (!this.lock || this.lock.released)) {
      try {
        this.lock = (await navigator.wakeLock?.request("screen")) ?? null;
      } catch {
        // Low battery: the phone decides.
      }
    }
  }
}
