"""Answers to interactions: the callback, and afterwards follow-ups and edits through the token.

Discord's documentation, "Receiving and Responding to Interactions".
"""

from __future__ import annotations

from bot.networks.discord.local.api import Api, Call, Reply, Routes
from bot.networks.discord.local.command_limits import check_choices
from bot.networks.discord.local.composing import composed, revise
from bot.networks.discord.local.errors import Problem, invalid, refused
from bot.networks.discord.local.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
)
from bot.networks.discord.local.limits import check_modal
from bot.networks.discord.local.model import Json, Message, MessageFlag
from bot.networks.discord.local.payloads import message as payload
from bot.networks.discord.local.shown import Answer, Choice, Modal

_MESSAGE, _DEFER, _DEFER_UPDATE, _UPDATE, _CHOICES, _MODAL = 4, 5, 6, 7, 8, 9

_ALLOWED = {
    COMMAND: (_MESSAGE, _DEFER, _MODAL),
    COMPONENT: (_MESSAGE, _DEFER, _DEFER_UPDATE, _UPDATE, _MODAL),
    AUTOCOMPLETE: (_CHOICES,),
    MODAL_SUBMIT: (_MESSAGE, _DEFER, _DEFER_UPDATE, _UPDATE),
}


def _callback(api: Api, call: Call) -> Reply:
    interaction = api.interactions.answerable(call.ids["interaction_id"], call.token)
    kind, data = call.fields.get("type"), call.fields.get("data") or {}
    needs_source = kind in (_DEFER_UPDATE, _UPDATE)
    if kind not in _ALLOWED[interaction.kind] or (needs_source and interaction.source is None):
        raise invalid([Problem("type", "INTERACTION_CALLBACK_TYPE", f"Can't be {kind} here.")])
    _ANSWERS[kind](api, call, interaction, data)
    interaction.acknowledged = True
    interaction.shown.acknowledged_ms = interaction.elapsed_ms()
    if kind != _DEFER and kind != _DEFER_UPDATE:
        interaction.shown.answered_ms = interaction.shown.acknowledged_ms
    interaction.shown.own.notify()
    api.world.changes.notify()
    if call.query.get("with_response") not in ("1", "true"):
        return None
    return _callback_resource(api, interaction, int(kind))


def _callback_resource(api: Api, interaction: Interaction, kind: int) -> Json:
    said: Json = {"id": str(interaction.id), "type": interaction.kind}
    resource: Json = {"type": kind}
    if (message := interaction.original) is not None and kind != _MODAL:
        said |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral,
        }
        resource["message"] = payload(message, api.world.bot.id)
    return {"interaction": said, "resource": resource}


def _message(api: Api, call: Call, interaction: Interaction, data: Json) -> None:
    message = composed(api, interaction.channel, data, call.uploads)
    interaction.shown.answer = Answer.MESSAGE
    _stand_first(api, interaction, message)


def _defer(api: Api, call: Call, interaction: Interaction, data: Json) -> None:
    message = Message(api.world.ids.next(), interaction.channel, api.world.bot, api.world.now())
    message.flags = int(data.get("flags") or 0) & MessageFlag.EPHEMERAL | MessageFlag.LOADING
    interaction.shown.answer = Answer.THINKING
    _stand_first(api, interaction, message)


def _stand_first(api: Api, interaction: Interaction, message: Message) -> None:
    message.kind = {1: 20, 2: 23, 3: 23}.get(interaction.command_kind, 0)
    interaction.original = interaction.shown.message = message
    _stand(api, interaction, message)


def _stand(api: Api, interaction: Interaction, message: Message) -> None:
    """For everybody in the channel, or (ephemeral) for this member alone."""
    message.interaction = interaction.metadata(api.world.bot.id)
    if not message.ephemeral:
        api.world.post(message)


def _defer_update(api: Api, call: Call, interaction: Interaction, data: Json) -> None:
    interaction.shown.answer = Answer.DEFERRED_UPDATE
    interaction.original = interaction.shown.message = interaction.source


def _update(api: Api, call: Call, interaction: Interaction, data: Json) -> None:
    message = interaction.source
    if message is None or message.deleted:
        raise refused(10008)
    revise(api, message, data, call.uploads)
    interaction.shown.answer = Answer.UPDATE
    interaction.original = interaction.shown.message = message
    api.world.edited(message, api.world.now())


def _choices(api: Api, call: Call, interaction: Interaction, data: Json) -> None:
    choices = data.get("choices") or []
    if problems := list(check_choices(choices)):
        raise invalid(problems)
    interaction.shown.answer = Answer.CHOICES
    interaction.shown.choices = [Choice(each["name"], each["value"]) for each in choices]


def _modal(api: Api, call: Call, interaction: Interaction, data: Json) -> None:
    if problems := list(check_modal(data)):
        raise invalid(problems)
    interaction.shown.answer = Answer.MODAL
    interaction.shown.modal = Modal(data["title"], data["custom_id"], data)


_ANSWERS = {
    _MESSAGE: _message,
    _DEFER: _defer,
    _DEFER_UPDATE: _defer_update,
    _UPDATE: _update,
    _CHOICES: _choices,
    _MODAL: _modal,
}


def _follow_up(api: Api, call: Call) -> Reply:
    """A further message. The first one after a defer takes the place of "is thinking..."."""
    interaction = _of_token(api, call)
    original = interaction.original
    if original is not None and original.loading:
        revise(api, original, call.fields, call.uploads)
        return _read(api, interaction, original)
    message = composed(api, interaction.channel, call.fields, call.uploads)
    _stand(api, interaction, message)
    interaction.shown.followups.append(message)
    _first_read(interaction)
    api.world.changes.notify()
    return payload(message, api.world.bot.id)


def _get(api: Api, call: Call) -> Reply:
    return payload(_answer(api, call), api.world.bot.id)


def _edit(api: Api, call: Call) -> Reply:
    message = _answer(api, call)
    revise(api, message, call.fields, call.uploads)
    return _read(api, _of_token(api, call), message)


def _delete(api: Api, call: Call) -> Reply:
    api.world.delete(_answer(api, call))
    return None


def _read(api: Api, interaction: Interaction, message: Message) -> Json:
    _first_read(interaction)
    api.world.edited(message, api.world.now())
    return payload(message, api.world.bot.id)


def _first_read(interaction: Interaction) -> None:
    if interaction.shown.answered_ms is None:
        interaction.shown.answered_ms = interaction.elapsed_ms()
        interaction.shown.own.notify()


def _of_token(api: Api, call: Call) -> Interaction:
    return api.interactions.answered(call.ids["application_id"], call.token)


def _answer(api: Api, call: Call) -> Message:
    """``@original``, or a message of this interaction by its id."""
    interaction = _of_token(api, call)
    original = interaction.original
    answers = [] if original is None else [original]
    if "message_id" in call.ids:
        answers = [*answers, *interaction.shown.followups]
        answers = [each for each in answers if each.id == call.ids["message_id"]]
    for message in answers:
        if not message.deleted:
            return message
    raise refused(10008)


_WEBHOOK = "/webhooks/{application_id}/{token}"
_ORIGINAL = _WEBHOOK + "/messages/@original"
_ONE = _WEBHOOK + "/messages/{message_id}"

ROUTES: Routes = {
    ("POST", "/interactions/{interaction_id}/{token}/callback"): _callback,
    ("POST", _WEBHOOK): _follow_up,
    ("GET", _ORIGINAL): _get,
    ("PATCH", _ORIGINAL): _edit,
    ("DELETE", _ORIGINAL): _delete,
    ("GET", _ONE): _get,
    ("PATCH", _ONE): _edit,
    ("DELETE", _ONE): _delete,
}
