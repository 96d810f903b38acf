// Keeps the newest message in view, from its first line on, unless somebody reads elsewhere.

const NEAR = 60;
const REPLYING = 170; // a thread's end is in sight although its buttons or its reply field are not
const ABOVE = 80;

// A function that makes a change to what is in `scroll`; `jump` goes to the newest in any case.
export function follower(scroll) {
  let newest = "";
  let left = -1;

  return (change, jump) => {
    const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
    const untouched = Math.abs(scroll.scrollTop - left) < 2;
    const watched = threadsInSight(scroll);
    change();
    const message = newestIn(scroll);
    const isNew = message && message.dataset.ts !== newest;
    const follows = jump || atEnd || untouched || watched.has(message?.closest(".thread"));
    newest = message?.dataset.ts ?? "";
    if (follows && message && (isNew || jump)) scroll.scrollTop = place(scroll, message);
    else if (atEnd) scroll.scrollTop = scroll.scrollHeight;
    left = follows ? scroll.scrollTop : -1;
  };
}

function threadsInSight(scroll) {
  const view = scroll.getBoundingClientRect();
  const ends = (thread) => thread.getBoundingClientRect().bottom;
  const inSight = (thread) => ends(thread) > view.top && ends(thread) < view.bottom + REPLYING;
  return new Set([...scroll.querySelectorAll(".thread")].filter(inSight));
}

function newestIn(scroll) {
  const messages = [...scroll.querySelectorAll(".message")];
  return messages.reduce((a, b) => (a && a.dataset.ts > b.dataset.ts ? a : b), null);
}

// The end of its thread at the bottom, but not so far that its beginning is out of sight.
function place(scroll, message) {
  const top = scroll.getBoundingClientRect().top - scroll.scrollTop;
  const end = message.closest(".thread").getBoundingClientRect().bottom - top;
  const beginning = message.getBoundingClientRect().top - top;
  return Math.min(end - scroll.clientHeight + 18, beginning - ABOVE);
}
