// Talking to the playground's server.

// POST an order; the answer's body. Throws an Error whose message is a sentence for people.
export async function order(path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error("The playground does not answer. Is it still running?");
  }
  if (answer.ok) return answer.json();
  if (answer.status === 413) throw new Error("This is too long to be sent.");
  const text = await answer.text();
  try {
    throw new Error(JSON.parse(text).error);
  } catch (error) {
    throw error instanceof SyntaxError ? new Error(text || `Status ${answer.status}`) : error;
  }
}

// The journal of a conversation, [] if it cannot be had now.
export async function timeline(user, channel, thread) {
  const query = new URLSearchParams({ as: user, channel, thread });
  try {
    const answer = await fetch(`/timeline?${query}`);
    return answer.ok ? (await answer.json()).timeline : [];
  } catch {
    return [];
  }
}

// Follow what an employee and a person of the desk see ("" is whoever comes first); a function that
// ends it.
export function follow(viewers, onState, onTrouble) {
  let source = null;
  let again = 0;
  const open = ([employee, helper]) => {
    source = new EventSource(`/changes?${new URLSearchParams({ as: employee, desk: helper })}`);
    source.onmessage = (event) => onState(JSON.parse(event.data));
    source.onerror = () => {
      onTrouble();
      // A lost connection is tried again by itself; a refused one (nobody of this id) is not.
      if (source.readyState === EventSource.CLOSED) again = setTimeout(() => open(["", ""]), 1000);
    };
  };
  open(viewers);
  return () => {
    clearTimeout(again);
    source.close();
  };
}
