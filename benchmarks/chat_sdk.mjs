// The Chat SDK (npm: chat, @chat-adapter/slack, @chat-adapter/state-memory) as an echo bot, the way
// its documentation builds one. It is copied beside the packages and run there by others.py, with
// SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET and SLACK_API_URL, which the adapter reads itself, and
// HANDLER_SECONDS: how long each answer takes.

import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createSlackAdapter } from "@chat-adapter/slack";
import { createMemoryState } from "@chat-adapter/state-memory";
import { Chat } from "chat";

const seconds = Number(process.env.HANDLER_SECONDS ?? 0);

const bot = new Chat({
  userName: "frontdesk",
  // Each message to an agent begins a thread, where its answer belongs; that it also names every
  // thread is switched off, because nobody else does.
  adapters: { slack: createSlackAdapter({ agentView: true, sessionTitle: false }) },
  state: createMemoryState(),
  // The default, `drop`, answers only one message at a time in a thread.
  concurrency: "queue",
  logger: "silent",
});

bot.onDirectMessage(async (thread, message) => {
  if (seconds) await sleep(seconds * 1000);
  await thread.post(message.text);
});

const server = createServer(async (incoming, outgoing) => {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const request = new Request(`http://127.0.0.1${incoming.url}`, {
    method: incoming.method,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  });
  const response = await bot.webhooks.slack(request, { waitUntil: () => {} });
  const body = Buffer.from(await response.arrayBuffer());
  outgoing.writeHead(response.status, { "Content-Length": body.length });
  outgoing.end(body);
});

process.on("SIGTERM", () => process.exit(0));
server.listen(0, "127.0.0.1", () => {
  console.log(`ready on http://127.0.0.1:${server.address().port}`);
});
