# SPDX-License-Identifier: Apache-2.0
"""What goes over the lines that a page makes for its calls: WebRTC's own count."""

from playwright.sync_api import Page

_KEEP_LINES = """() => {
  window.lines = [];
  const Line = RTCPeerConnection;
  window.RTCPeerConnection = class extends Line {
    constructor(...said) {
      super(...said);
      window.lines.push(this);
    }
  };
}"""
_PACKETS = """async () => {
  const stats = [...(await window.lines.at(-1).getStats()).values()];
  const heard = stats.filter((one) => one.type === "inbound-rtp" && one.kind === "audio");
  return heard.reduce((sum, one) => sum + one.packetsReceived, 0);
}"""


def keep_lines(page: Page) -> None:
    """The lines that this page makes from now on are kept, to be counted."""
    page.evaluate(_KEEP_LINES)


def packets(page: Page) -> int:
    """Packets of sound that came in over the newest line of a page."""
    count: int = page.evaluate(_PACKETS)
    return count
