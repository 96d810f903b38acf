// Draws the shapes that the server makes of what is in a message (shapes.py says which there are).
//
// `acts` is what one can do with them: press(action_id, value, inputs) and say(text) answer with a
// promise; draft(name) is what the draft of an input is called. A form needs the last alone.

import { h, html, icon } from "./dom.js";
import { remember, remembered } from "./drafts.js";

const SHAPES = {
  html: (shape) => html("div", { class: `text ${shape.style}` }, shape.html),
  header: (shape) => h("h4", { class: "title" }, shape.text),
  divider: () => h("hr"),
  context: (shape) =>
    h("div", { class: "context" }, shape.items.map((item) => html("span", {}, item))),
  note: (shape) => h("p", { class: "note" }, shape.text),
  actions,
  feedback,
  prompts,
  card: (shape, message, acts) => h("div", { class: "card" }, drawn(shape, message, acts)),
  box: (shape, message, acts) => h("div", { class: "box" }, drawn(shape, message, acts)),
  facts,
  input,
  choice,
};

// The elements for a message's blocks.
export function draw(message, acts) {
  return drawn({ items: message.blocks }, message, acts);
}

function drawn(shape, message, acts) {
  return shape.items.flatMap((one) => SHAPES[one.type](one, message, acts));
}

function actions(shape, message, acts) {
  const parts = shape.elements.map((one) => (one.items ? opener(one, message, acts) : [button(one, acts)]));
  const row = h("div", { class: "actions" }, parts.map(([first]) => first));
  return [row, ...parts.flatMap(([, ...below]) => below)];
}

// What stands open, by what would be its draft: a card that is drawn anew keeps it so.
const opened = new Set();

// A button, and the part of the card that it shows and hides.
function opener(one, message, acts) {
  const key = acts.draft(`open ${one.text}`);
  const below = h("div", { class: "reveal" }, drawn(one, message, acts));
  const press = () => {
    if (!opened.delete(key)) opened.add(key);
    update();
    below.scrollIntoView({ block: "nearest" });
  };
  const element = h("button", { type: "button", class: "button", data: { key }, onclick: press }, one.text);
  const update = () => {
    below.hidden = !opened.has(key);
    element.setAttribute("aria-expanded", String(!below.hidden));
  };
  update();
  return [element, below];
}

function button(one, acts) {
  if (one.url) {
    const elsewhere = one.url.startsWith("/#") ? {} : { target: "_blank", rel: "noopener" };
    return h("a", { class: "button", href: one.url, ...elsewhere }, one.text);
  }
  const pressed = async (event) => {
    const element = event.currentTarget;
    const inputs = one.alone ? [] : inputsOf(element);
    element.disabled = true;
    if (await acts.press(one.action_id, one.value, filledIn(inputs))) inputs.forEach(forget);
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

// A button of a card sends what is filled in beside it and above it, not what it would open.
function inputsOf(element) {
  const all = [...(element.closest(".card")?.querySelectorAll(".input") ?? [])];
  return all.filter((input) => input.closest(".reveal, .card").contains(element));
}

// What is filled in, by name.
export function filledIn(inputs) {
  return Object.fromEntries(inputs.map((input) => [input.name, valueOf(input)]));
}

function valueOf(input) {
  return input.tagName === "FIELDSET" ? (input.querySelector(":checked")?.value ?? "") : input.value;
}

// Take back what was filled in.
export function forget(input) {
  remember(input.dataset.key, "");
  if (input.tagName === "TEXTAREA") input.value = "";
}

function input(shape, message, acts) {
  return labelled(shape, acts, (properties) =>
    h("textarea", { ...properties, rows: shape.lines, placeholder: shape.placeholder, maxlength: shape.most }),
  );
}

function choice(shape, message, acts) {
  if (shape.open) return radios(shape, acts);
  const options = shape.choices.map((one) => h("option", { value: one.value }, one.title));
  return labelled(shape, acts, (properties) => h("select", properties, options));
}

function labelled(shape, acts, make) {
  const key = acts.draft(shape.name);
  const oninput = (event) => remember(key, event.currentTarget.value);
  const field = make({ class: "input", name: shape.name, data: { key }, oninput });
  field.value = remembered(key) || shape.value;
  return h("label", { class: "labelled" }, h("span", {}, shape.label), field, wrong(shape));
}

// One of several, all of them in sight.
function radios(shape, acts) {
  const key = acts.draft(shape.name);
  const now = remembered(key) || shape.value;
  const radio = ({ title, value }) => {
    const checked = value === now;
    const onchange = () => remember(key, value);
    return h("label", {}, h("input", { type: "radio", name: key, value, checked, onchange }), title);
  };
  return h(
    "fieldset",
    { class: "labelled input", name: shape.name, data: { key } },
    h("legend", {}, shape.label),
    shape.choices.map(radio),
    wrong(shape),
  );
}

const wrong = (shape) => (shape.error ? h("span", { class: "wrong", role: "alert" }, shape.error) : null);

function facts(shape) {
  const pairs = shape.items.map(([name, value]) => [html("dt", {}, name), html("dd", {}, value)]);
  return h("dl", { class: "facts" }, pairs.flat());
}

// Questions that are said by a press.
function prompts(shape, message, acts) {
  const chip = (one) =>
    h("button", { type: "button", class: "chip", onclick: () => acts.say(one.value) }, one.text);
  return h("div", { class: "prompts", role: "group", "aria-label": "Suggestions" }, shape.elements.map(chip));
}

function feedback(shape, message, acts) {
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
        onclick: () => acts.press(shape.action_id, side),
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
