// Who one is on a side of the page, and where one writes: two rows of radio buttons.

import { h, icon, keep } from "./dom.js";
import { initials } from "./messages.js";
import { kindOf } from "./places.js";

const NEAREST = { block: "nearest", inline: "nearest" };

// The rows of the side `name`; `choose` is told {me} or {place}. `update` shows the people, those
// of the same platform together, and the places; what is `chosen` of them is marked.
export function pickers(name, choose) {
  const people = h("div", { class: "people", role: "group", "aria-label": "Who you are here" });
  const places = h("div", { class: "places", role: "group", "aria-label": "Where you write" });
  const pickPerson = choices(`${name} person`, personView, (me) => choose({ me, place: "", thread: "" }));
  const pickPlace = choices(`${name} place`, placeView, (place) => choose({ place, thread: "" }));

  function update(everybody, everywhere) {
    const names = [...new Set(everybody.map((one) => one.platform))];
    const platforms = names.map((platform) => ({
      platform,
      people: everybody.filter((one) => one.platform === platform),
    }));
    keep(people, platforms, (one) => one.platform, platformView);
    keep(places, everywhere, (one) => one.id, pickPlace);
  }

  function platformView({ platform }) {
    const heading = h("span", { class: "platform" }, platform);
    const row = h("div", { class: "group", role: "group", "aria-label": platform }, heading);
    const group = h("div", { class: "choices" });
    row.append(group);
    return { element: row, update: (now) => keep(group, now.people, (one) => one.id, pickPerson) };
  }

  return { people, places, update };
}

// Views for one group of radio buttons; `pick` is called with the id that is chosen.
function choices(group, make, pick) {
  return (item) => {
    const input = h("input", { type: "radio", name: group, class: "unseen", onchange: () => pick(item.id) });
    const element = h("label", { class: "choice", title: item.title }, input, make(item));
    const update = (now) => {
      if (now.chosen && !input.checked) requestAnimationFrame(() => element.scrollIntoView(NEAREST));
      input.checked = now.chosen;
    };
    return { element, update };
  };
}

const personView = (one) => [initials(one), h("span", {}, firstName(one))];
const placeView = (one) => [placeMark(one), h("span", {}, one.title)];

export const firstName = (person) => person.name.split(" ")[0];

function placeMark(place) {
  const { direct, mark } = kindOf(place);
  if (direct) return h("img", { class: "bell", src: "/icon.svg", alt: "" });
  return mark ? h("span", { class: "hash" }, mark) : icon(place.kind);
}
