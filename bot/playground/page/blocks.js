// Draws the shapes that the server makes of Slack's blocks (blocks.py says which there are).

import { h, html, icon } from "./dom.js";

const SHAPES = {
  html: (shape) => html("div", { class: `text ${shape.style}` }, shape.html),
  header: (shape) => h("h4", { class: "title" }, shape.text),
  divider: () => h("hr"),
  context: (shape) =>
    h("div", { class: "context" }, shape.items.map((item) => html("span", {}, item))),
  note: (shape) => h("p", { class: "note" }, shape.text),
  actions,
  feedback,
};

// The elements for a message's blocks. `press(action_id, value)` answers with a promise.
export function draw(message, press) {
  return message.blocks.map((shape) => SHAPES[shape.type](shape, message, press));
}

function actions(shape, message, press) {
  return h("div", { class: "actions" }, shape.elements.map((one) => button(one, press)));
}

function button(one, press) {
  if (one.url) {
    return h("a", { class: "button", href: one.url, target: "_blank", rel: "noopener" }, one.text);
  }
  const pressed = async (event) => {
    const element = event.currentTarget;
    element.disabled = true;
    await press(one.action_id, one.value);
    element.disabled = false;
  };
  return h(
    "button",
    {
      type: "button",
      class: `button ${one.style}`,
      data: { key: `${one.action_id} ${one.value}`, action: one.action_id },
      onclick: pressed,
    },
    one.text,
  );
}

function feedback(shape, message, press) {
  const chosen = message.pressed[shape.action_id];
  const thumb = (side, name) =>
    h(
      "button",
      {
        type: "button",
        class: "thumb",
        title: shape[side],
        "aria-label": shape[side],
        "aria-pressed": String(chosen === side),
        data: { key: side },
        onclick: () => press(shape.action_id, side),
      },
      icon(name),
    );
  return h(
    "div",
    { class: "feedback", role: "group", "aria-label": "Was this helpful?" },
    thumb("positive", "up"),
    thumb("negative", "down"),
    chosen && h("span", { class: "thanks" }, "Thank you."),
  );
}
