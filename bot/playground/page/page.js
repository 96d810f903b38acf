// The playground's page: who one is and where one writes, the conversation, the human desk.
//
// The server sends everything that the chosen person sees at every change; this draws it. Who, where
// and which thread stand in the address, so that a reload, a bookmark and a second window work.

import { composer } from "./composer.js";
import { h, keep } from "./dom.js";
import { initials, keyOf, showThreads } from "./messages.js";
import { follower } from "./scroll.js";
import { follow, order } from "./server.js";
import { timelinePanel } from "./timeline.js";

const at = (id) => document.getElementById(id);
const ABOUT = {
  im: "Direct messages. Each new message begins a conversation; reply below one to go on with it.",
  channel: "A channel. Frontdesk answers when it is mentioned, and in the threads it takes part in.",
};
const EMPTY = {
  im:
    "It answers from an invented company's handbook, shows its sources, " +
    "and gets a person when it cannot help. Try one of these:",
  channel: "Everybody in the channel can read along. Mention @Frontdesk, and it answers in the thread:",
};
const LOST = "The connection to the playground is lost. Trying again…";
const HINT = "Enter sends · Shift+Enter begins a new line · /frontdesk help shows the commands";

const followChat = follower(at("chat-scroll"));
const followDesk = follower(at("desk-scroll"));

let state = null;
let stop = () => {};
let chosen = readAddress();
let wanted = chosen.thread;
let newest = "";
let fieldOf = "";

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

// Carry an order out; null if it failed, and then the page says why.
async function attempt(path, body) {
  try {
    const done = await order(path, body);
    trouble("");
    return done;
  } catch (error) {
    trouble(error.message);
    return null;
  }
}

const placeNow = () => state.places.find((one) => one.id === chosen.place) ?? state.places[0];
const hash = () => h("span", { class: "hash" }, "#");
const nameOf = (place) => (place.kind === "im" ? state.bot.name : place.name);
const mentionIn = (place) => (place.kind === "im" ? "" : `@${state.bot.name}`);

async function say(place, thread, said) {
  const done = await attempt("/say", { as: state.me, channel: place.id, thread_ts: thread, ...said });
  if (done?.ts && !thread) {
    newest = done.ts;
    choose({ thread: done.ts });
  }
  return done !== null;
}

// What the threads of a place need when `user` looks at them.
function talk(place, user, more) {
  const named = (message) => ({ as: user, channel: place.id, ts: message.ts });
  return {
    me: user,
    names: Object.fromEntries(state.people.map((one, number) => [one.id, { ...one, number }])),
    bot: state.bot,
    mention: mentionIn(place),
    selected: "",
    replies: false,
    select: () => {},
    send: (thread, said) => say(place, thread, said),
    press: (message, action_id, value) => attempt("/press", { ...named(message), action_id, value }),
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
    return { element, update: (now) => (input.checked = now.chosen) };
  };
}

const pickPerson = choices(
  "person",
  (one) => [initials(one), h("span", { class: "who" }, one.name, h("small", {}, one.role))],
  (me) => choose({ me, thread: "" }),
);
const pickPlace = choices(
  "place",
  (one) => [
    one.kind === "im" ? h("img", { class: "bell", src: "/icon.svg", alt: "" }) : hash(),
    h("span", {}, nameOf(one)),
  ],
  (place) => choose({ place, thread: "" }),
);

function showPeople() {
  const people = state.people.map((one, number) => ({ ...one, number, chosen: one.id === state.me }));
  keep(at("people"), people, (one) => one.id, pickPerson);
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
  const now = talk(place, state.me, { replies: true, selected: selectedIn(place), select });
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

// The thread that was chosen, else the last one.
function selectedIn(place) {
  const known = place.threads.some((one) => one.ts === chosen.thread);
  return known ? chosen.thread : (place.threads.at(-1)?.ts ?? "");
}

// What changes with the person or the place: the heading, the field to write in, the examples.
function arrive(place) {
  const direct = place.kind === "im";
  fieldOf = `${state.me} ${place.id}`;
  at("place-name").replaceChildren(...(direct ? [] : [hash()]), nameOf(place));
  at("place-about").textContent = ABOUT[place.kind];
  at("empty-about").textContent = EMPTY[place.kind];
  at("composer").replaceChildren(
    composer({
      label: direct ? "New message to Frontdesk" : `New message in #${place.name}`,
      placeholder: direct ? "Ask something new…" : `Write in #${place.name}…`,
      draft: `new ${fieldOf}`,
      mention: mentionIn(place),
      hint: HINT,
      send: (said) => say(place, "", said),
    }).element,
  );
  const mention = direct ? "" : `${mentionIn(place)} `;
  const chip = (text) =>
    h("button", { type: "button", class: "chip", onclick: () => say(place, "", { text: mention + text }) }, text);
  at("examples").replaceChildren(...state.examples.map(chip));
}

function showDesk() {
  const desk = state.desk;
  const person = state.people.find((one) => one.id === state.deskPerson);
  at("desk-about").textContent = `What the people at the desk see (here ${person.name})`;
  at("desk-empty").hidden = desk.threads.length > 0;
  at("desk-count").textContent = desk.threads.length || "";
  followDesk(() => showThreads(at("desk"), desk.threads, talk(desk, person.id)), false);
}

function showPanel(name) {
  document.body.dataset.panel = name;
  for (const one of ["chat", "desk"]) at(`show-${one}`).setAttribute("aria-pressed", String(one === name));
}

const refreshTimeline = timelinePanel(at("timeline"), at("timeline-lines"), () => {
  const thread = state && selectedIn(placeNow());
  return thread ? [state.me, placeNow().id, thread] : null;
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
