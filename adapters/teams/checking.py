"""What `frontdesk check` looks at in Teams: credentials, Microsoft's keys, the human channel."""

from __future__ import annotations

from adapters.teams.authentication import Authentication, KeysUnavailable
from adapters.teams.clouds import is_guid
from adapters.teams.connector import Connector, Tokens
from adapters.teams.places import PlaceKind, Reference
from agent.errors import DeliveryError, DeliveryRetry, DeliveryUnknown, InstallationFatal
from agent.platforms import Finding

TOKEN = "Teams token"  # noqa: S105 the subject of a finding
SENDER = "Teams authentication"
CONSENT = "Teams consent"
IN_A_MINUTE = "try again in a minute"
HOW_TO_CONSENT = (
    "the manifest asks for ChannelMessage.Read.Group and ChatMessage.Read.Chat; an owner consents "
    "when adding the app to the team or chat (if it was added before, remove it and add it again), "
    "unless resource-specific consent is switched off in the Teams admin center. Without it the "
    "bot hears only what mentions it, and cards of cases carry a box to answer in"
)
NOT_A_CHANNEL = (
    "this is a chat, and chats have no threads: what people write there could not be told apart by "
    "cases. Name a channel of a team (19:…@thread.tacv2): ⋯ next to it, 'Get link to channel'"
)
ADD_THE_APP = "add the app to the team that the channel belongs to (Manage team, Apps)"
NO_SUCH_CHANNEL = (
    "is the id right (19:…@thread.tacv2), is the channel still there, and is the app added to its "
    "team?"
)
NOT_IN_ROSTER = "403 BotNotInConversationRoster"


def ids(app_id: str, tenant: str) -> list[Finding]:
    """What is wrong with the ids: a tenant's domain would do for Entra, but what Teams sends names
    its id, and all of it would be refused.
    """
    wrong = "is not an id: copy it from the bot's page in Azure (36 characters)"
    named = {"TEAMS_APP_ID": app_id, "TEAMS_TENANT_ID": tenant}
    return [
        Finding(name, False, wrong) for name, value in named.items() if value and not is_guid(value)
    ]


async def token(tokens: Tokens) -> Finding:
    """Whether messages could be sent."""
    try:
        had = await tokens.token()
    except DeliveryRetry as error:
        return Finding(TOKEN, False, f"{error}: {IN_A_MINUTE}")
    except DeliveryError as error:
        return Finding(TOKEN, False, str(error))
    if not had:
        detail = "without authentication none is sent: only local tools take messages"
        return Finding(TOKEN, True, detail)
    return Finding(TOKEN, True, "Microsoft Entra gives one")


async def sender(authentication: Authentication | None) -> Finding:
    """Whether it could be told who sends us something."""
    if authentication is None:
        detail = (
            "off (TEAMS_ALLOW_UNAUTHENTICATED=1): whoever reaches this machine's loopback "
            "interface can write to the bot in anybody's name; for development only"
        )
        return Finding(SENDER, True, detail)
    try:
        await authentication.prepare()
    except KeysUnavailable as error:
        detail = f"Microsoft's signing keys cannot be fetched ({error}): is the network open?"
        return Finding(SENDER, False, detail)
    return Finding(SENDER, True, "Microsoft's signing keys are here")


async def channel(connector: Connector, human_channel: str, place: Reference) -> list[Finding]:
    """Whether the human channel takes messages, and whether the bot hears what is said there."""
    if place.kind is not PlaceKind.CHANNEL:
        return [Finding(_subject(human_channel), False, NOT_A_CHANNEL)]
    try:
        await connector.members(place.service_url, human_channel)
    except DeliveryError as error:
        return [unreachable(human_channel, error)]
    found = Finding(_subject(human_channel), True, "a channel that the bot is in")
    return [found, _consent(place)]


def unreachable(human_channel: str, error: DeliveryError) -> Finding:
    """The human channel takes nothing; why, and how to mend it."""
    if isinstance(error, DeliveryRetry | DeliveryUnknown):
        how = IN_A_MINUTE
    elif isinstance(error, InstallationFatal):
        how = "is the app id the one of the bot in Azure?"
    elif str(error).startswith(NOT_IN_ROSTER):
        how = ADD_THE_APP
    else:
        how = NO_SUCH_CHANNEL
    return Finding(_subject(human_channel), False, f"{error}: {how}")


def _consent(place: Reference) -> Finding:
    """Teams tells nobody whether consent was given; what was heard tells it."""
    if place.hears_all:
        detail = "the bot hears what is written in the human channel without mentioning it"
        return Finding(CONSENT, True, detail)
    detail = f"whether the bot may hear the human channel shows once it runs: {HOW_TO_CONSENT}"
    return Finding(CONSENT, True, detail)


def _subject(human_channel: str) -> str:
    return f"Teams human channel {human_channel}"
