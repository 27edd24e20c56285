"""A form filled in by a person, as their Discord client checks it and sends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.networks.discord.local.model import Json
from bot.networks.discord.local.options import CannotDoError
from bot.networks.discord.local.shown import Modal

_ROW, _TEXT_INPUT, _LABEL, _CHECKBOX = 1, 4, 18, 23
_TEXT_MOST = 4000

Value = str | list[str] | bool
Values = Mapping[str, Value]


def filled_in(modal: Modal, values: Values) -> Json:
    """``values`` by a field's label or custom id; a list for a menu, a bool for a checkbox.

    What is left out is as it was.
    """
    left = dict(values)
    components: list[Json] = []
    for row in modal.body["components"]:
        if row["type"] == _ROW:
            inside = [_answered(each, each.get("label", ""), left) for each in row["components"]]
            components.append({"type": _ROW, "id": len(components) + 1, "components": inside})
        elif row["type"] == _LABEL:
            inner = _answered(row["component"], row["label"], left)
            components.append({"type": _LABEL, "id": len(components) + 1, "component": inner})
    if left:
        labels = [each.get("label") for each in modal.inputs]
        raise CannotDoError(f"the form has no {sorted(left)}; it has: {labels}")
    return {"custom_id": modal.custom_id, "components": components}


def _answered(field: Json, label: str, left: dict[str, Value]) -> Json:
    given = left.pop(label, None)
    if given is None:
        given = left.pop(field["custom_id"], None)
    said: Json = {"type": field["type"], "custom_id": field["custom_id"]}
    if field["type"] == _TEXT_INPUT:
        return {**said, "value": _text(field, label, given)}
    if field["type"] == _CHECKBOX:
        return {**said, "value": _ticked(field, label, given)}
    return {**said, "values": _chosen(field, label, given)}


def _text(field: Json, label: str, given: Any) -> str:
    text = field.get("value") or "" if given is None else given
    required = field.get("required", True)
    least, most = field.get("min_length") or int(required), field.get("max_length") or _TEXT_MOST
    left_empty = not required and text == ""
    if not isinstance(text, str) or not (left_empty or least <= len(text) <= most):
        raise CannotDoError(f"{label!r} takes {least} to {most} characters")
    return text


def _ticked(field: Json, label: str, given: Any) -> bool:
    ticked = field.get("default", False) if given is None else given
    if not isinstance(ticked, bool):
        raise CannotDoError(f"{label!r} is ticked or not")
    return ticked


def _chosen(field: Json, label: str, given: Any) -> list[str]:
    options = field.get("options", [])
    if given is None:
        return [each["value"] for each in options if each.get("default")]
    wanted = [given] if isinstance(given, str) else list(given)
    values = [each["value"] for each in options if {each["value"], each["label"]} & set(wanted)]
    if len(values) != len(wanted):
        raise CannotDoError(f"{wanted} can't be chosen in {label!r}")
    return values
