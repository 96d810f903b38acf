// The playground's page: who one is and where one writes, the conversation, the human desk.
//
// The server sends everything that the chosen person sees at every change; this draws it. Who, where
// and which thread stand in the address, so that a reload, a bookmark and a second window work.

import { composer } from "./composer.js";
import { h, icon, keep } from "./dom.js";
import { initials, keyOf, showThreads } from "./messages.js";
import { kindOf } from "./places.js";
import { follower } from "./scroll.js";
import { follow, order } from "./server.js";
import { timelinePanel } from "./timeline.js";

const at = (id) => document.getElementById(id);
const LOST = "The connection to the playground is lost. Trying again…";
const TOLD_FOR = 4000;
const NEAREST = { block: "nearest", inline: "nearest" };

const followChat = follower(at("chat-scroll"));
const followDesk = follower(at("desk-scroll"));

let state = null;
let stop = () => {};
let chosen = readAddress();
let wanted = chosen.thread;
let newest = "";
let fieldOf = "";
let telling = 0;

function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  return { me: words.get("as") ?? "", place: words.get("in") ?? "", thread: words.get("thread") ?? "" };
}

function choose(change) {
  const before = chosen;
  chosen = { ...chosen, ...change };
  const words = new URLSearchParams({ as: chosen.me, in: chosen.place, thread: chosen.thread });
  history.replaceState(null, "", `#${words}`);
  if (before.me !== chosen.me) look();
  else show();
}

function look() {
  stop();
  stop = follow(
    chosen.me,
    (now) => {
      state = now;
      chosen.me = now.me;
      if (at("trouble").textContent === LOST) trouble("");
      show();
    },
    () => trouble(LOST),
  );
}

function trouble(sentence) {
  at("trouble").textContent = sentence;
  at("trouble").hidden = !sentence;
}

// What a press is answered with, for a moment and for whoever pressed.
function tell(sentence) {
  clearTimeout(telling);
  at("told").textContent = sentence;
  at("told").hidden = !sentence;
  if (sentence) telling = setTimeout(() => tell(""), TOLD_FOR);
}

// Carry an order out; null if it failed, and then the page says why.
async function attempt(path, body) {
  try {
    const done = await order(path, body);
    trouble("");
    tell(done.told ?? "");
    return done;
  } catch (error) {
    trouble(error.message);
    return null;
  }
}

const placeNow = () => state.places.find((one) => one.id === chosen.place) ?? state.places[0];
const nameOf = (place) => (kindOf(place).direct ? state.bot.name : place.name);
const mentionIn = (place) => (kindOf(place).direct ? "" : `@${state.bot.name}`);

// A place's name with its mark; what has none is a chat with Frontdesk or with several.
function titleOf(place) {
  const { mark } = kindOf(place);
  return [mark && h("span", { class: "hash" }, mark), nameOf(place)].filter(Boolean);
}

async function say(place, thread, said) {
  const done = await attempt("/say", { as: state.me, channel: place.id, thread_ts: thread, ...said });
  if (done?.ts && !thread && !kindOf(place).flat) {
    newest = done.ts;
    choose({ thread: done.ts });
  }
  return done !== null;
}

// What the threads of a place need when `user` looks at them.
function talk(place, user, more) {
  const named = (message) => ({ as: user, channel: place.id, ts: message.ts });
  const press = (message, action_id, value, inputs) =>
    attempt("/press", { ...named(message), action_id, value, inputs });
  return {
    me: user,
    names: Object.fromEntries(state.people.map((one, number) => [one.id, { ...one, number }])),
    bot: state.bot,
    platform: place.platform,
    mention: mentionIn(place),
    selected: "",
    replies: false,
    select: () => {},
    send: (thread, said) => say(place, thread, said),
    press,
    edit: (message, text) => attempt("/edit", { ...named(message), text }),
    remove: (message) => attempt("/delete", named(message)),
    ...more,
  };
}

function show() {
  if (!state) return;
  showPeople();
  showPlaces();
  showChat(placeNow());
  showDesk();
  refreshTimeline();
}

// Views for one group of radio buttons; `pick` is called with the id that is chosen.
function choices(group, make, pick) {
  return (item) => {
    const onchange = () => pick(item.id);
    const input = h("input", { type: "radio", name: group, class: "unseen", onchange });
    const element = h("label", { class: "choice" }, input, make(item));
    const update = (now) => {
      if (now.chosen && !input.checked) requestAnimationFrame(() => element.scrollIntoView(NEAREST));
      input.checked = now.chosen;
    };
    return { element, update };
  };
}

const pickPerson = choices(
  "person",
  (one) => [initials(one), h("span", { class: "who" }, one.name, h("small", {}, one.role))],
  (me) => choose({ me, thread: "" }),
);
const pickPlace = choices(
  "place",
  (one) => [placeMark(one), h("span", {}, nameOf(one))],
  (place) => choose({ place, thread: "" }),
);

function placeMark(place) {
  const { direct, mark } = kindOf(place);
  if (direct) return h("img", { class: "bell", src: "/icon.svg", alt: "" });
  return mark ? h("span", { class: "hash" }, mark) : icon(place.kind);
}

// The people of one platform, under its name.
function platformView({ name }) {
  const people = h("div", { class: "choices" });
  const heading = h("p", { class: "platform", id: `on-${name}` }, name);
  const element = h("div", { class: "group", role: "group", "aria-labelledby": heading.id }, heading, people);
  return { element, update: (now) => keep(people, now.people, (one) => one.id, pickPerson) };
}

function showPeople() {
  const people = state.people.map((one, number) => ({ ...one, number, chosen: one.id === state.me }));
  const platforms = [...new Set(people.map((one) => one.platform))].map((name) => ({
    name,
    people: people.filter((one) => one.platform === name),
  }));
  keep(at("people"), platforms, (one) => one.name, platformView);
}

function showPlaces() {
  const here = placeNow();
  const places = state.places.map((one) => ({ ...one, chosen: one.id === here.id }));
  keep(at("places"), places, (one) => one.id, pickPlace);
  const models = state.bot.models.join(", ");
  at("mode").textContent = models
    ? `Answers are written by ${models}.`
    : "No model is configured, so answers are quoted from the example handbook. " +
      "Set FRONTDESK_MODELS and a key to have them written.";
}

function showChat(place) {
  const arrived = fieldOf !== `${state.me} ${place.id}`;
  if (arrived) arrive(place);
  const replies = !kindOf(place).flat;
  const selected = replies ? selectedIn(place) : null;
  const now = talk(place, state.me, { replies, selected, select });
  const change = () => {
    const views = showThreads(at("chat"), place.threads, now);
    at("empty").hidden = place.threads.length > 0;
    begin(views.get(keyOf(now, newest)));
  };
  followChat(change, arrived || newest);
  if (wanted) seek(place);
}

// Show the thread that an address named.
function seek(place) {
  const thread = document.querySelector(`#chat [data-ts="${CSS.escape(wanted)}"]`);
  if (place.id === chosen.place && thread) {
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

function select(thread) {
  if (thread !== chosen.thread) choose({ thread });
}

// The thread that was chosen, else the last one; undefined if there is none.
function selectedIn(place) {
  const known = place.threads.some((one) => one.ts === chosen.thread);
  return known ? chosen.thread : place.threads.at(-1)?.ts;
}

// What changes with the person or the place: the heading, the field to write in, the examples.
function arrive(place) {
  const { direct, flat, about, empty, hint } = kindOf(place);
  const title = titleOf(place);
  fieldOf = `${state.me} ${place.id}`;
  at("place-name").replaceChildren(...title);
  at("place-about").textContent = about;
  at("empty-about").textContent = empty;
  at("composer").replaceChildren(
    composer({
      label: `${flat ? "Message" : "New message"} ${direct ? "to" : "in"} ${textOf(title)}`,
      placeholder: direct && !flat ? "Ask something new…" : `Write ${direct ? "to" : "in"} ${textOf(title)}…`,
      draft: `new ${fieldOf}`,
      mention: mentionIn(place),
      hint,
      send: (said) => say(place, "", said),
    }).element,
  );
  const mention = direct ? "" : `${mentionIn(place)} `;
  const chip = (text) =>
    h("button", { type: "button", class: "chip", onclick: () => say(place, "", { text: mention + text }) }, text);
  at("examples").replaceChildren(...state.examples.map(chip));
}

const textOf = (parts) => parts.map((part) => part.textContent ?? part).join("");

function showDesk() {
  const desk = state.desk;
  const person = state.people.find((one) => one.id === state.deskPerson);
  at("desk-name").replaceChildren(...titleOf(desk));
  at("desk-about").textContent = `In ${desk.platform}, as ${person.name} sees it`;
  at("desk-empty").hidden = desk.threads.length > 0;
  at("desk-count").textContent = desk.threads.length || "";
  followDesk(() => showThreads(at("desk"), desk.threads, talk(desk, person.id)), false);
}

function showPanel(name) {
  document.body.dataset.panel = name;
  for (const one of ["chat", "desk"]) at(`show-${one}`).setAttribute("aria-pressed", String(one === name));
}

const refreshTimeline = timelinePanel(at("timeline"), at("timeline-lines"), () => {
  const thread = state ? selectedIn(placeNow()) : undefined;
  return thread === undefined ? null : [state.me, placeNow().id, thread];
});

at("show-chat").addEventListener("click", () => showPanel("chat"));
at("show-desk").addEventListener("click", () => showPanel("desk"));
addEventListener("hashchange", () => {
  const address = readAddress();
  wanted = address.thread;
  showPanel("chat");
  choose(address);
});
look();
