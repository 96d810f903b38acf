// The page's address says who is on either side, where they are, and which thread they are in, so
// that a reload, a bookmark and a second window work.

const WORDS = {
  employee: { me: "as", place: "in", thread: "thread" },
  desk: { me: "desk", place: "desk-in", thread: "desk-thread" },
};

// {employee: {me, place, thread}, desk: the same}; null for a side of which nothing is said.
export function read() {
  const words = new URLSearchParams(location.hash.slice(1));
  const side = (names) => {
    const said = Object.values(names).some((word) => words.has(word));
    const value = ([what, word]) => [what, words.get(word) ?? ""];
    return said ? Object.fromEntries(Object.entries(names).map(value)) : null;
  };
  return { employee: side(WORDS.employee), desk: side(WORDS.desk) };
}

// Write it without leaving a trace in the history.
export function write(chosen) {
  const words = Object.entries(WORDS).flatMap(([side, names]) =>
    Object.entries(names).map(([what, word]) => [word, chosen[side][what]]),
  );
  history.replaceState(null, "", `#${new URLSearchParams(words)}`);
}
