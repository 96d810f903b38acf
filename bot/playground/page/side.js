// One side of the page: somebody, a place where they write, and what they see there.

import { composer } from "./composer.js";
import { h } from "./dom.js";
import { formsIn } from "./forms.js";
import { keyOf, showThreads } from "./messages.js";
import { firstName, pickers } from "./pickers.js";
import { kindOf } from "./places.js";
import { follower } from "./scroll.js";
import { order } from "./server.js";

const TOLD_FOR = 7000;

// `name` is 'employee' or 'desk', `lead` stands before who one is, `choose({me, place, thread})` is
// told what was chosen. `show(state, chosen)` draws.
export function side(root, { name, lead, choose }) {
  const title = h("h2");
  const picker = pickers(name, choose);
  const empty = h("section", { class: "empty", hidden: true });
  const threads = h("div", { class: "threads", role: "log", "aria-label": "Messages" });
  const scroll = h("div", { class: "scroll" }, empty, threads);
  const writing = h("div", { class: "writing" });
  const told = h("p", { class: "toast", role: "status", hidden: true });
  const trouble = h("p", { class: "toast trouble", role: "alert", hidden: true });
  const front = h("div", { class: "front" });
  root.append(
    h("header", { class: "who" }, title, picker.people),
    picker.places,
    scroll,
    writing,
    told,
    trouble,
    front,
  );
  const following = follower(scroll);
  const showForm = formsIn(front, {
    submit: async (form, inputs) => (await attempt("/submit", { form: form.id, inputs })) !== null,
    close: async (form) => (await attempt("/close", { form: form.id })) !== null,
  });

  let state = null;
  let chosen = null;
  let wanted = "";
  let newest = "";
  let fieldOf = "";
  let telling = 0;

  const mine = () => state[name];
  const me = () => state.people.find((one) => one.id === mine().me);
  const place = () => mine().places.find((one) => one.id === chosen.place) ?? mine().places[0];
  const nameOf = (one) => (kindOf(one).direct ? state.bot.name : one.name);
  const mentionIn = (one) => (kindOf(one).direct ? "" : `@${state.bot.name}`);

  function say(sentence) {
    clearTimeout(telling);
    told.textContent = sentence;
    told.hidden = !sentence;
    if (sentence) telling = setTimeout(() => say(""), TOLD_FOR);
  }

  // Carry an order out; null if it failed, and then the side says why.
  async function attempt(path, body) {
    let sentence = "";
    try {
      const done = await order(path, { as: mine().me, ...body });
      say(done.told ?? "");
      return done;
    } catch (error) {
      sentence = error.message;
      say("");
      return null;
    } finally {
      trouble.textContent = sentence;
      trouble.hidden = !sentence;
    }
  }

  async function post(where, thread, said) {
    const done = await attempt("/say", { channel: where.id, thread_ts: thread, ...said });
    if (done?.ts && !thread && !kindOf(where).flat) {
      newest = done.ts;
      choose({ thread: done.ts });
    }
    return done !== null;
  }

  // What the threads of a place need to know and do.
  function talk(where) {
    const { flat, reply } = kindOf(where);
    const named = (message) => ({ channel: where.id, ts: message.ts });
    return {
      me: mine().me,
      names: Object.fromEntries(state.people.map((one, number) => [one.id, { ...one, number }])),
      bot: state.bot,
      platform: where.platform,
      mention: where.purpose ? "" : mentionIn(where),
      reply,
      replies: !flat,
      selected: flat ? null : selected(),
      select: (thread) => thread !== chosen.thread && choose({ thread }),
      send: (thread, said) => post(where, thread, said),
      press: (message, action_id, value, inputs) =>
        attempt("/press", { ...named(message), action_id, value, inputs }),
      edit: (message, text) => attempt("/edit", { ...named(message), text }),
      remove: (message) => attempt("/delete", named(message)),
    };
  }

  function show(now, choice) {
    [state, chosen] = [now, choice];
    const here = place();
    const people = state.people
      .map((one, number) => ({ ...one, number, title: `${one.name}, ${one.role}`, chosen: one.id === mine().me }))
      .filter((one) => one.helps === (name === "desk") || one.chosen);
    const places = mine().places.map((one) => ({ ...one, title: nameOf(one), chosen: one.id === here.id }));
    title.replaceChildren(`${lead} `, h("strong", {}, me().name), h("small", {}, `${me().role} in ${me().platform}`));
    picker.update(people, places);
    showPlace(here);
    showForm(mine().form);
  }

  function showPlace(here) {
    const arrived = fieldOf !== `${mine().me} ${here.id}`;
    if (arrived) arrive(here);
    const now = talk(here);
    const change = () => {
      const views = showThreads(threads, here.threads, now);
      empty.hidden = here.threads.length > 0;
      begin(views.get(keyOf(now, newest)));
    };
    following(change, arrived || newest);
    if (wanted) find(here);
  }

  // Show the thread that an address named.
  function find(here) {
    const thread = threads.querySelector(`[data-ts="${CSS.escape(wanted)}"]`);
    if (here.id === chosen.place && thread) {
      thread.scrollIntoView({ block: "nearest" });
      wanted = "";
    }
  }

  // Who began a conversation goes on in its own field.
  function begin(view) {
    if (!view) return;
    view.focus();
    newest = "";
  }

  // The thread that was chosen, else the last one; undefined if there is none.
  function selected() {
    const here = place();
    const known = here.threads.some((one) => one.ts === chosen.thread);
    return known ? chosen.thread : here.threads.at(-1)?.ts;
  }

  // What changes with the person or the place: the field to write in, and what to begin with.
  function arrive(here) {
    const { direct, flat, mark = "", about, hint } = kindOf(here);
    const called = `${mark}${nameOf(here)}`;
    fieldOf = `${mine().me} ${here.id}`;
    picker.places.title = about;
    const field = composer({
      label: `${flat ? "Message" : "New message"} ${direct ? "to" : "in"} ${called}`,
      placeholder: direct && !flat ? "Ask something new…" : `Write ${direct ? "to" : "in"} ${called}…`,
      draft: `new ${fieldOf}`,
      mention: mentionIn(here),
      hint,
      send: (said) => post(here, "", said),
    });
    writing.replaceChildren(field.element);
    writing.classList.toggle("compact", Boolean(here.purpose));
    empty.replaceChildren(...invitation(here));
  }

  function invitation(here) {
    const { direct, heading, empty: words, commands } = kindOf(here);
    const texts = me().helps ? (commands ?? []) : state.examples;
    const mention = direct || me().helps ? "" : `${mentionIn(here)} `;
    const chip = (text) =>
      h("button", { type: "button", class: "chip", onclick: () => post(here, "", { text: mention + text }) }, text);
    return [
      h("img", { src: "/icon.svg", alt: "", width: 46, height: 46 }),
      h("h3", {}, heading ?? `Ask ${state.bot.name} something`),
      h("p", {}, words),
      h("div", { class: "chips" }, texts.map(chip)),
    ];
  }

  return {
    show,
    place,
    selected,
    firstName: () => firstName(me()),
    seek: (thread) => {
      wanted = thread;
    },
  };
}
