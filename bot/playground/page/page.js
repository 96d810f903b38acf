// The playground's page: an employee on the left, a person of the desk on the right.
//
// The server sends everything that both see at every change; this draws it.

import { read, write } from "./address.js";
import { follow } from "./server.js";
import { side } from "./side.js";
import { timelinePanel } from "./timeline.js";

const at = (id) => document.getElementById(id);
const LOST = "The connection to the playground is lost. Trying again…";
const NAMES = ["employee", "desk"];
const NOBODY = { me: "", place: "", thread: "" };
const LEADS = { employee: "You are", desk: "The desk:" };

let state = null;
let stop = () => {};
let chosen = withDefaults(read());

const sides = Object.fromEntries(NAMES.map((name) => [name, side(at(name), sideOf(name))]));

function sideOf(name) {
  return { name, lead: LEADS[name], choose: (change) => choose({ [name]: { ...chosen[name], ...change } }) };
}

function withDefaults(address, now = {}) {
  return Object.fromEntries(NAMES.map((name) => [name, address[name] ?? now[name] ?? NOBODY]));
}

const who = () => NAMES.map((name) => chosen[name].me);

function choose(change) {
  const before = who();
  chosen = { ...chosen, ...change };
  write(chosen);
  if (String(before) !== String(who())) look();
  else show();
}

function look() {
  stop();
  stop = follow(
    who(),
    (now) => {
      state = now;
      for (const name of NAMES) chosen[name] = { ...chosen[name], me: now[name].me };
      trouble("");
      show();
    },
    () => trouble(LOST),
  );
}

function trouble(sentence) {
  at("trouble").textContent = sentence;
  at("trouble").hidden = !sentence;
}

function show() {
  if (!state) return;
  for (const name of NAMES) {
    sides[name].show(state, chosen[name]);
    at(`show-${name}`).textContent = `${LEADS[name]} ${sides[name].firstName()}`;
  }
  const models = state.bot.models.join(", ");
  at("mode").textContent = models
    ? `Answers are written by ${models}.`
    : "No model is configured: answers are quoted from the handbook. " +
      "Set FRONTDESK_MODELS and a key to have them written.";
  refreshTimeline();
}

// Whoever sees a place that a link leads to stays who they are.
function arrived() {
  const address = read();
  for (const name of NAMES.filter((one) => address[one])) {
    const sees = state?.[name].places.some((place) => place.id === address[name].place);
    if (sees) address[name].me = chosen[name].me;
    sides[name].seek(address[name].thread);
    if (NAMES.filter((one) => address[one]).length === 1) goTo(name);
  }
  choose(withDefaults(address, chosen));
}

// In a narrow window the sides are below each other.
function goTo(name) {
  at(name).scrollIntoView({ block: "start", behavior: "smooth" });
}

const refreshTimeline = timelinePanel(at("timeline"), at("timeline-lines"), () => {
  const thread = state ? sides.employee.selected() : undefined;
  return thread === undefined ? null : [state.employee.me, sides.employee.place().id, thread];
});

for (const name of NAMES) {
  at(`show-${name}`).addEventListener("click", () => goTo(name));
  sides[name].seek(chosen[name].thread);
}
addEventListener("hashchange", arrived);
look();
