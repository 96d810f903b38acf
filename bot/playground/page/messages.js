// Messages and threads: one card per thread, the root first, with a field to reply in.
//
// `talk` is what the cards need to know and do: me, names (id -> {name, role, number}), bot, mention,
// platform (its name), replies (whether one can reply), reply (what stands in the field for it),
// selected (ts), and send(thread, said),
// press(message, action, value, inputs), edit(message, text), remove(message), select(ts).

import { draw } from "./blocks.js";
import { composer } from "./composer.js";
import { h, keep, refill } from "./dom.js";

const talks = new WeakMap();

// Show the threads of a place in `container`; the views by `keyOf`.
export function showThreads(container, threads, talk) {
  // Views live longer than what they were made with, so they ask for what holds now.
  talks.set(container, talk);
  const now = () => talks.get(container);
  return keep(container, threads, (one) => keyOf(talk, one.ts), (one) => threadView(one, now));
}

// What a thread's view is kept under: two people's drafts in one thread are two.
export function keyOf(talk, ts) {
  return `${talk.me} ${ts}`;
}

function threadView({ ts }, talk) {
  const messages = h("div", { class: "messages" });
  const status = h("p", { class: "status", role: "status" });
  const replying = h("div", { class: "replying" });
  const select = () => talk().select(ts);
  const element = h(
    "article",
    { class: "thread", data: { ts }, onclick: select, onfocusin: select },
    messages,
    status,
    replying,
  );
  let field = null;

  function update(thread) {
    const now = talk();
    keep(messages, thread.messages, (message) => message.ts, () => messageView(talk, ts));
    refill(status, thread.status ? [`${now.bot.name} ${thread.status}`, dots()] : []);
    element.classList.toggle("selected", now.selected === ts);
    const asked = thread.messages.some((message) => !message.private);
    if (now.replies && asked && !field) {
      field = replyField(ts, now);
      replying.append(field.element);
    }
  }

  return { element, update, focus: () => field?.focus() };
}

function replyField(ts, now) {
  return composer({
    label: "Reply in this thread",
    placeholder: now.reply ?? "Reply…",
    draft: `reply ${now.me} ${ts}`,
    mention: now.mention,
    send: (said) => now.send(ts, said),
  });
}

function dots() {
  return h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
}

function messageView(talk, thread) {
  const element = h("div", { class: "message" });
  let drawn = "";
  let editing = false;
  let latest = null;

  function update(message) {
    latest = message;
    const text = JSON.stringify(message);
    if (editing || text === drawn) return;
    drawn = text;
    element.dataset.ts = message.ts;
    element.classList.toggle("follows", message.follows);
    refill(element, [avatar(message, talk()), body(message)]);
  }

  function body(message) {
    const now = talk();
    const acts = {
      press: (action, value, inputs) => now.press(message, action, value, inputs),
      say: (text) => now.send(thread, { text }),
      draft: (name) => `input ${now.me} ${message.ts} ${name}`,
    };
    return h(
      "div",
      { class: "body" },
      message.private && h("p", { class: "eyebrow" }, "Only you can see this"),
      head(message, now),
      message.gone ? h("p", { class: "note" }, "This message was deleted.") : draw(message, acts),
      message.files.map((name) => h("p", { class: "file" }, name)),
    );
  }

  function head(message, now) {
    const person = now.names[message.author];
    return h(
      "div",
      { class: "head" },
      h("strong", {}, message.bot ? now.bot.name : (person?.name ?? now.platform)),
      message.bot ? h("span", { class: "badge" }, "app") : null,
      message.label && h("span", { class: "badge" }, message.label),
      time(message.at),
      message.edited && h("span", { class: "edited" }, "(edited)"),
      message.mine && !message.gone && menu(message),
    );
  }

  function menu(message) {
    const close = (event) => event.currentTarget.closest("details").removeAttribute("open");
    const leave = (event) => {
      if (!event.currentTarget.contains(event.relatedTarget)) close(event);
    };
    const escape = (event) => {
      if (event.key === "Escape") close(event);
    };
    return h(
      "details",
      { class: "menu", onfocusout: leave, onkeydown: escape },
      h("summary", { "aria-label": "Change this message", data: { key: "menu" } }, "⋯"),
      h(
        "div",
        {},
        h("button", { type: "button", onclick: () => edit(message) }, "Edit"),
        h("button", { type: "button", onclick: () => talk().remove(message) }, "Delete"),
      ),
    );
  }

  function edit(message) {
    const field = h("textarea", { rows: 2, "aria-label": "Your message" });
    const end = () => {
      editing = false;
      drawn = "";
      update(latest);
    };
    const save = async () => {
      if (field.value.trim() && (await talk().edit(message, field.value))) end();
    };
    const keyed = (event) => {
      if (event.key === "Escape") end();
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      save();
    };
    field.value = message.plain;
    field.addEventListener("keydown", keyed);
    editing = true;
    const buttons = [
      h("button", { type: "button", class: "button primary", onclick: save }, "Save"),
      h("button", { type: "button", class: "button", onclick: end }, "Cancel"),
    ];
    const form = h("div", { class: "editing" }, field, h("div", { class: "actions" }, buttons));
    refill(element, [avatar(message, talk()), form]);
    field.focus();
  }

  return { element, update };
}

// The picture beside a message: the bell for Frontdesk, initials for people.
export function avatar(message, now) {
  if (message.bot) return h("img", { class: "avatar", src: "/icon.svg", alt: "" });
  return initials(now.names[message.author] ?? { name: "?", number: 0 });
}

// A person's initials in their colour.
export function initials(person) {
  const letters = person.name.split(" ").map((word) => word[0]).join("").slice(0, 2);
  return h("span", { class: `avatar colour${person.number}`, "aria-hidden": "true" }, letters);
}

function time(seconds) {
  const at = new Date(seconds * 1000);
  const shown = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return h("time", { datetime: at.toISOString(), title: at.toLocaleString() }, shown);
}
