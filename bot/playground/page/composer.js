// A field to write in: grows with its text, sends with Enter, keeps its draft over a reload.

import { h, icon } from "./dom.js";
import { remember, remembered } from "./drafts.js";

const TALLEST = 180;

// `options`: label, placeholder, draft (the name its draft is kept under), mention (what the mention
// button inserts, "" for none), hint (shown below), send({text, file}) -> promise of success.
export function composer(options) {
  let file = null;
  const field = h("textarea", {
    rows: 1,
    "aria-label": options.label,
    placeholder: options.placeholder,
    maxlength: 12000,
    onkeydown: keyed,
    oninput: changed,
  });
  const picker = h("input", { type: "file", hidden: true, tabindex: -1, onchange: picked });
  const attached = h("span", { class: "attached", hidden: true });
  const send = h(
    "button",
    { class: "send", "aria-label": "Send", title: "Send", disabled: true },
    icon("send"),
  );
  const element = h(
    "form",
    { class: "composer", onsubmit: submitted },
    field,
    h("div", { class: "tools" }, attach(), mention(), attached, h("span", { class: "gap" }), send),
    picker,
    options.hint && h("p", { class: "hint" }, options.hint),
  );

  function attach() {
    const title = "Attach a file: only its name is sent";
    const open = () => picker.click();
    return h(
      "button",
      { type: "button", class: "tool", title, "aria-label": title, onclick: open },
      icon("clip"),
    );
  }

  function mention() {
    if (!options.mention) return null;
    return h("button", { type: "button", class: "tool word", onclick: insert }, options.mention);
  }

  function insert() {
    field.setRangeText(`${options.mention} `, field.selectionStart, field.selectionEnd, "end");
    field.focus();
    changed();
  }

  function keyed(event) {
    // Enter that ends the input of an ideogram sends nothing.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!send.disabled) element.requestSubmit();
  }

  function changed() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, TALLEST)}px`;
    send.disabled = !field.value.trim() && !file;
    element.classList.toggle("filled", !send.disabled);
    remember(options.draft, field.value);
  }

  function picked() {
    file = picker.files[0] ?? null;
    picker.value = "";
    showFile();
  }

  function showFile() {
    const drop = () => {
      file = null;
      showFile();
      field.focus();
    };
    attached.hidden = !file;
    attached.replaceChildren(
      ...(file
        ? [file.name, h("button", { type: "button", "aria-label": "Remove the file", onclick: drop }, "×")]
        : []),
    );
    changed();
  }

  async function submitted(event) {
    event.preventDefault();
    if (send.disabled) return;
    const said = { text: field.value, file: file && { name: file.name, size: file.size } };
    send.disabled = true;
    if (await options.send(said)) {
      // What was typed while it was on its way stays.
      if (field.value === said.text) field.value = "";
      file = null;
    }
    showFile();
  }

  field.value = remembered(options.draft);
  requestAnimationFrame(changed);
  return { element, focus: () => field.focus({ preventScroll: true }) };
}
