// The kinds of places there are, and what the page says about each. `mark` stands before the name;
// `direct` is a conversation with Frontdesk alone, where nobody needs to mention it; in a `flat` one
// there are no threads.

const SLACK_HINT = "Enter sends · Shift+Enter begins a new line · /frontdesk help shows the commands";
const TEAMS_HINT = "Enter sends · Shift+Enter begins a new line · /help shows the commands";
const MENTION_HINT = TEAMS_HINT.replace("/help", "@Frontdesk /help");
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
  },
  channel: CHANNEL,
  group: CHANNEL,
  chat: {
    direct: true,
    flat: true,
    about: "A personal chat. Everything in it is one conversation.",
    empty: TRY,
    hint: TEAMS_HINT,
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

export const kindOf = (place) => KINDS[place.kind];
