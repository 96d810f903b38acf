// The kinds of places there are, and what the page says about each. `mark` stands before the name;
// `direct` is a conversation with Frontdesk alone, where nobody needs to mention it; in a `flat` one
// there are no threads. `commands` are what somebody of the desk may try, `reply` stands in the
// fields to reply in.

const KEYS = "Enter sends · Shift+Enter begins a new line";
const SLACK_HINT = `${KEYS} · /frontdesk help shows the commands`;
const TEAMS_HINT = `${KEYS} · /help shows the commands`;
const MENTION_HINT = `${KEYS} · @Frontdesk /help shows the commands`;
const DESK_HINT = "What you write below a card reaches the employee · // begins a note among colleagues";
const TRY =
  "It answers from an invented company's handbook, shows its sources, " +
  "and gets a person when it cannot help. Try one of these:";
const READ_ALONG = "can read along. Mention @Frontdesk, and it answers";
const CHANNEL = {
  mark: "#",
  about: "A channel. Frontdesk answers when it is mentioned, and in the threads it takes part in.",
  empty: `Everybody in the channel ${READ_ALONG} in the thread:`,
  hint: SLACK_HINT,
};

const KINDS = {
  im: {
    direct: true,
    about: "Direct messages. Each new message begins a conversation; reply below one to go on with it.",
    empty: TRY,
    hint: SLACK_HINT,
    commands: ["/frontdesk cases", "/frontdesk status", "/frontdesk help"],
  },
  channel: CHANNEL,
  group: CHANNEL,
  chat: {
    direct: true,
    flat: true,
    about: "A personal chat. Everything in it is one conversation.",
    empty: TRY,
    hint: TEAMS_HINT,
    commands: ["/cases", "/status", "/help"],
  },
  groupchat: {
    flat: true,
    about: "A group chat. Frontdesk answers when it is mentioned.",
    empty: `Everybody in the chat ${READ_ALONG}:`,
    hint: MENTION_HINT,
  },
  teamchannel: {
    about: "A team's channel. Frontdesk answers when it is mentioned, and in the threads it takes part in.",
    empty: `Everybody in the team ${READ_ALONG} below the post:`,
    hint: MENTION_HINT,
  },
};

const DESK = {
  about: "The human channel. A card appears here for every case.",
  heading: "Nobody has asked for a person yet",
  empty:
    "A card appears here when somebody does, or when Frontdesk cannot help. " +
    "Claim it, and write below it: the employee reads it on their side.",
  reply: "Answer, or // a note to colleagues",
  hint: DESK_HINT,
};

const PURPOSES = {
  desk: DESK,
  second: {
    ...DESK,
    about: "The second channel. Cases that nobody claims in time are shown here, too.",
    heading: "No case has waited too long yet",
    empty:
      "This is the second channel: a copy of a card appears here when nobody has claimed it after twice " +
      "the time that is set (FRONTDESK_DESK_SLA_MINUTES, 30 if it is not).",
  },
};

export const kindOf = (place) => ({ ...KINDS[place.kind], ...PURPOSES[place.purpose] });
