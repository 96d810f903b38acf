"""What people press in the local Teams: actions of cards, suggested actions, thumbs.

Universal actions are invokes that are asked once and answered in-line; what the bot answered is
shown: https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/universal-actions-for-adaptive-cards.
Feedback: https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bot-messages-ai-generated-content.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from adapters.teams.twin_cards import Pressed, card_refusals, pressed
from adapters.teams.twin_events import Answer, packed
from adapters.teams.twin_people import People
from adapters.teams.twin_state import CARD, Json, Message, Place, Post, Toast

REACTIONS = ("like", "dislike")


class Presses:
    """Everybody's pointer."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._world = people.world
        self.toasts: list[Toast] = []

    async def press(
        self,
        user: str,
        post: Post,
        message: Message,
        name: str,
        value: str | None,
        filled: Json,
    ) -> Answer:
        """Press an action of `message`, which is what the person sees of the post."""
        place = self._world.places[post.place]
        self._people.author(user, place)
        chips = [one for one in message.suggested if name in {one["title"], one["value"]}]
        if chips:
            return await self._people.click(user, place, str(chips[0]["value"]))
        found = pressed(message.cards, name, value, filled)
        kind = found.action["type"]
        if kind == "Action.Execute":
            return await self._execute(user, post, found)
        if kind == "Action.Submit":
            return await self._sent(user, post, found)
        raise ValueError(f"{name} is an {kind}, which no bot hears of")

    async def _execute(self, user: str, post: Post, found: Pressed) -> Answer:
        action = {"type": "Action.Execute", "data": found.data}
        for name in ("id", "title", "verb"):
            if name in found.action:
                action[name] = found.action[name]
        return self._shown(user, post, await self.execute(user, post, action))

    async def execute(self, user: str, post: Post, action: object) -> Answer:
        """Send an action as if it had been pressed on a post; nothing of the answer is shown."""
        return await self.invoke(
            user,
            self._world.places[post.place],
            post.thread,
            "adaptiveCard/action",
            {"action": action, "trigger": "manual"},
            replyToId=post.id,
        )

    def _shown(self, user: str, post: Post, answer: Answer) -> Answer:
        """Put an answer's card in place of the pressed one, or show its words to whom pressed;
        `reason` tells why that cannot be.
        """
        if answer.toast:
            self.toasts.append(Toast(post.place, user, answer.toast))
            self._world.changed("toast", post.place, post.id)
        if not answer.ok or not answer.text:
            return answer
        body = answer.json
        if body.get("statusCode") is None or not body.get("type"):
            return replace(answer, reason="the answer has no statusCode or no type")
        if body["type"] != CARD or body["statusCode"] != 200:
            return answer
        if wrong := card_refusals(body.get("value")):
            return replace(answer, reason="; ".join(wrong))
        card = {"contentType": CARD, "content": body["value"]}
        self._world.rewrite(post, {**post.activity, "attachments": [card]})
        return answer

    async def _sent(self, user: str, post: Post, found: Pressed) -> Answer:
        """An Action.Submit: a message with the data as its value, or what `msteams` in it says."""
        data = found.data if isinstance(found.data, dict) else {"data": found.data}
        place = self._world.places[post.place]
        special = data.get("msteams") or {}
        kind = special.get("type")
        if kind == "imBack":
            return await self._people.click(user, place, str(special["value"]))
        if kind == "messageBack":
            words = {"text": special.get("text"), "value": special.get("value")}
            return await self.submit(user, post, words.pop("value") or {}, **words)
        if kind in {"task/fetch", "invoke"}:
            name = "task/fetch" if kind == "task/fetch" else str(special.get("name", "invoke"))
            return await self.invoke(user, place, post.thread, name, {"data": data})
        return await self.submit(user, post, data)

    async def submit(self, user: str, post: Post, value: Any, **more: object) -> Answer:
        """A message without text that carries a value; how its first delivery ended."""
        place = self._world.places[post.place]
        author = self._people.author(user, place)
        source = {"source": {"name": "message"}}
        activity = self._people.activities.activity(
            "message", author, place, post.thread, "", replyToId=post.id, value=value, **more
        )
        activity["channelData"] = {**activity["channelData"], **source}
        return await self._people.courier.sent(packed(activity))

    async def feedback(
        self, user: str, post: Post, message: Message, reaction: str, text: str
    ) -> Answer:
        """Give a thumb and, in the dialog that opens, a reason."""
        if reaction not in REACTIONS:
            raise ValueError(f"a reaction is one of {', '.join(REACTIONS)}")
        if not message.feedback_loop:
            raise ValueError(f"{post.id} asks for no feedback")
        place = self._world.places[post.place]
        self._people.author(user, place)
        told: Json = {"reaction": reaction}
        if message.feedback_loop == "custom":
            fetch = {"data": {"actionName": "feedback", "actionValue": told}}
            answer = await self.invoke(
                user, place, post.thread, "message/fetchTask", fetch, replyToId=post.id
            )
            if not answer.ok:
                return answer
        told = {**told, "feedback": json.dumps({"feedbackText": text})}
        value = {"actionName": "feedback", "actionValue": told}
        return await self.invoke(
            user, place, post.thread, "message/submitAction", value, replyToId=post.id
        )

    async def invoke(
        self, user: str, place: Place, thread: str, name: str, value: object, **more: object
    ) -> Answer:
        """Ask the bot something that it must answer at once."""
        author = self._people.author(user, place)
        activity = self._people.activities.activity(
            "invoke", author, place, thread, "", name=name, value=value, **more
        )
        return await self._people.courier.ask(packed(activity))
