// The panel that tells a conversation's journal, line by line.

import { h, keep } from "./dom.js";
import { timeline } from "./server.js";

const LOOK_EVERY = 2000;

// Fills the panel while it is open. `where()` is [user, channel, thread] of the conversation that is
// selected, null if none is. `refresh` looks at once.
export function timelinePanel(panel, lines, where) {
  async function refresh() {
    if (!panel.open || document.hidden) return;
    const place = where();
    const items = place ? await timeline(...place) : [];
    if (String(place) !== String(where())) return;
    const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
    keep(lines, items.map(numbered(place)), (item) => item.key, lineView);
    lines.dataset.empty = place ? "Nothing has happened yet." : "Choose a conversation.";
    if (atEnd) lines.scrollTop = lines.scrollHeight;
  }

  panel.addEventListener("toggle", refresh);
  // The journal goes on after the last message: deliveries, ratings.
  setInterval(refresh, LOOK_EVERY);
  return refresh;
}

function numbered(place) {
  return (item, number) => ({ ...item, key: `${place} ${number}` });
}

function lineView(item) {
  const at = new Date(item.at * 1000);
  const clock = at.toLocaleTimeString([], { hour12: false }) + `.${String(at.getMilliseconds()).padStart(3, "0")}`;
  const element = h(
    "li",
    {},
    h(
      "details",
      {},
      h(
        "summary",
        {},
        h("span", { class: "kind" }, item.kind),
        h("time", { datetime: at.toISOString() }, clock),
        h("span", { class: "what" }, item.text),
      ),
      h("pre", {}, JSON.stringify(item.data, null, 2)),
    ),
  );
  return { element, update: () => {} };
}
