// The form that a platform opens in front of somebody; it covers their side of the page.

import { draw, filledIn, forget } from "./blocks.js";
import { h, keep, refill } from "./dom.js";

// A function that shows a form (null for none) in `container`. `submit(form, inputs)` and
// `close(form)` answer with a promise of success.
export function formsIn(container, { submit, close }) {
  const view = (form) => formView(form, { submit, close });
  return (form) => {
    const arrived = keep(container, form ? [form] : [], (one) => one.id, view);
    if (form) arrived.get(form.id).begin();
  };
}

function formView({ id }, { submit, close }) {
  const box = h("form", { class: "form", role: "dialog", onsubmit: sent, onkeydown: keyed });
  const element = h("div", { class: "over" }, box);
  let latest = null;
  let drawn = "";
  let begun = false;

  function update(form) {
    const text = JSON.stringify(form);
    latest = form;
    if (text === drawn) return;
    drawn = text;
    box.setAttribute("aria-label", form.title);
    refill(box, [
      h("h3", {}, form.title),
      ...draw({ blocks: form.items }, { draft: (name) => `form ${id} ${name}` }),
      h(
        "div",
        { class: "actions" },
        h("button", { class: "button primary" }, form.submit),
        h("button", { type: "button", class: "button", onclick: leave }, form.close),
      ),
    ]);
  }

  async function sent(event) {
    event.preventDefault();
    const inputs = [...box.querySelectorAll(".input")];
    await submit(latest, filledIn(inputs));
    // A form that was taken is gone, one that was not says why.
    if (!box.isConnected) inputs.forEach(forget);
  }

  async function leave() {
    const inputs = [...box.querySelectorAll(".input")];
    if (await close(latest)) inputs.forEach(forget);
  }

  function keyed(event) {
    if (event.key === "Escape") leave();
  }

  function begin() {
    if (!begun) box.querySelector("input, textarea, select")?.focus();
    begun = true;
  }

  return { element, update, begin };
}
