"""Discord's length limits on what a bot says: messages, embeds, components, forms.

From Discord's developer documentation ("Message", "Embed limits", "Component reference"). Each
``check_...`` gives every field that breaks one, and refuses nothing itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bot.networks.discord.limits import (
    AUTHOR,
    BUTTON_LABEL,
    BUTTON_URL,
    BUTTONS,
    CONTENT,
    CUSTOM_ID,
    EMBED_DESCRIPTION,
    EMBED_FIELDS,
    EMBED_TITLE,
    EMBED_TOTAL,
    EMBEDS,
    FIELD_NAME,
    FIELD_VALUE,
    FOOTER,
    NONCE,
    ROWS,
)
from bot.networks.discord.local.errors import Problem
from bot.networks.discord.local.model import Json, MessageFlag

SELECT_OPTIONS = 25
SELECT_TEXT = 100
PLACEHOLDER = 150
V2_COMPONENTS = 40
V2_TEXT = 4000
MODAL_TITLE = 45
MODAL_INPUTS = 5
INPUT_LABEL = 45
INPUT_DESCRIPTION = 100
INPUT_TEXT = 4000
FILES = 10
FILE_BYTES = 10 * 1024 * 1024


def length(path: str, value: object, most: int, least: int = 0) -> Iterator[Problem]:
    """Of a text that may be missing when ``least`` is 0."""
    size = len(value) if isinstance(value, str) else 0
    if least and size == 0:
        yield Problem(path, "BASE_TYPE_REQUIRED", "This field is required")
    elif not least <= size <= most:
        said = f"Must be between {least} and {most} in length."
        if size > most and least <= 1:
            said = f"Must be {most} or fewer in length."
        yield Problem(path, "BASE_TYPE_BAD_LENGTH", said)


def count(path: str, values: Sequence[object], most: int, least: int = 0) -> Iterator[Problem]:
    if not least <= len(values) <= most:
        said = f"Must be between {least} and {most} in length."
        yield Problem(path, "BASE_TYPE_BAD_LENGTH", said)


def check_message(body: Json) -> Iterator[Problem]:
    """A message, an interaction's answer or an edit."""
    yield from length("content", body.get("content"), CONTENT)
    nonce = body.get("nonce")
    if nonce is not None:
        yield from length("nonce", str(nonce), NONCE)
    embeds = body.get("embeds") or []
    yield from count("embeds", embeds, EMBEDS)
    for index, embed in enumerate(embeds):
        yield from _embed(f"embeds.{index}", embed)
    if sum(_size(embed) for embed in embeds) > EMBED_TOTAL:
        said = f"Embed size exceeds maximum size of {EMBED_TOTAL}"
        yield Problem("embeds", "MAX_EMBED_SIZE_EXCEEDED", said)
    yield from count("attachments", body.get("attachments") or [], FILES)
    yield from _components(body)


def _embed(path: str, embed: Json) -> Iterator[Problem]:
    yield from length(f"{path}.title", embed.get("title"), EMBED_TITLE)
    yield from length(f"{path}.description", embed.get("description"), EMBED_DESCRIPTION)
    yield from length(f"{path}.footer.text", embed.get("footer", {}).get("text"), FOOTER)
    yield from length(f"{path}.author.name", embed.get("author", {}).get("name"), AUTHOR)
    fields = embed.get("fields", [])
    yield from count(f"{path}.fields", fields, EMBED_FIELDS)
    for index, each in enumerate(fields):
        yield from length(f"{path}.fields.{index}.name", each.get("name"), FIELD_NAME, 1)
        yield from length(f"{path}.fields.{index}.value", each.get("value"), FIELD_VALUE, 1)
    url = embed.get("url")
    if url and not str(url).startswith(("http://", "https://")):
        yield Problem(f"{path}.url", "URL_TYPE_INVALID_SCHEME", "Scheme must be http or https.")


def _size(embed: Json) -> int:
    texts = [
        embed.get("title"),
        embed.get("description"),
        embed.get("footer", {}).get("text"),
        embed.get("author", {}).get("name"),
    ]
    for each in embed.get("fields", []):
        texts += [each.get("name"), each.get("value")]
    return sum(len(text) for text in texts if text)


def _components(body: Json) -> Iterator[Problem]:
    components = body.get("components") or []
    if int(body.get("flags") or 0) & MessageFlag.COMPONENTS_V2:
        yield from _components_v2(components)
    else:
        yield from count("components", components, ROWS)
        for index, row in enumerate(components):
            if row.get("type") != 1:
                yield Problem(f"components.{index}.type", "BASE_TYPE_CHOICES", "Must be 1.")
    yield from _each(components)


def _each(components: Sequence[Json]) -> Iterator[Problem]:
    everything = list(_walk("components", components))
    for path, component in everything:
        yield from _component(path, component)
    yield from _unique_ids(everything)


def _components_v2(components: Sequence[Json]) -> Iterator[Problem]:
    everything = [component for _, component in _walk("components", components)]
    yield from count("components", everything, V2_COMPONENTS, 1)
    if sum(len(each.get("content", "")) for each in everything if each["type"] == 10) > V2_TEXT:
        said = f"The text of all components must be {V2_TEXT} or fewer in length."
        yield Problem("components", "COMPONENT_MAX_TEXT_LENGTH_EXCEEDED", said)


def _walk(path: str, components: Sequence[Json]) -> Iterator[tuple[str, Json]]:
    for index, component in enumerate(components):
        here = f"{path}.{index}"
        yield here, component
        if inside := component.get("components"):
            yield from _walk(f"{here}.components", inside)
        for part in ("accessory", "component"):
            if part in component:
                yield f"{here}.{part}", component[part]


def _unique_ids(everything: Sequence[tuple[str, Json]]) -> Iterator[Problem]:
    ids = Counter(each["custom_id"] for _, each in everything if "custom_id" in each)
    for path, component in everything:
        if ids[component.get("custom_id")] > 1:
            said = "Component custom id cannot be duplicated"
            yield Problem(f"{path}.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", said)


def _component(path: str, component: Json) -> Iterator[Problem]:
    match component.get("type"):
        case 1:
            yield from _row(path, component.get("components", []))
        case 2:
            yield from _button(path, component)
        case 3 | 5 | 6 | 7 | 8:
            yield from _select(path, component)
        case 4:
            yield from _input(path, component)


def _row(path: str, inside: Sequence[Json]) -> Iterator[Problem]:
    yield from count(f"{path}.components", inside, BUTTONS, 1)
    if len(inside) > 1 and any(each.get("type") != 2 for each in inside):
        said = "A select menu or a text input needs a row of its own."
        yield Problem(f"{path}.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", said)


def _button(path: str, button: Json) -> Iterator[Problem]:
    yield from length(f"{path}.label", button.get("label"), BUTTON_LABEL)
    if not button.get("label") and not button.get("emoji"):
        said = "A button needs a label or an emoji."
        yield Problem(f"{path}.label", "BUTTON_COMPONENT_LABEL_REQUIRED", said)
    if button.get("style") == 5:
        yield from length(f"{path}.url", button.get("url"), BUTTON_URL, 1)
    else:
        yield from length(f"{path}.custom_id", button.get("custom_id"), CUSTOM_ID, 1)


def _select(path: str, select: Json) -> Iterator[Problem]:
    yield from length(f"{path}.custom_id", select.get("custom_id"), CUSTOM_ID, 1)
    yield from length(f"{path}.placeholder", select.get("placeholder"), PLACEHOLDER)
    if select.get("type") != 3:
        return
    options = select.get("options", [])
    yield from count(f"{path}.options", options, SELECT_OPTIONS, 1)
    for index, option in enumerate(options):
        here = f"{path}.options.{index}"
        yield from length(f"{here}.label", option.get("label"), SELECT_TEXT, 1)
        yield from length(f"{here}.value", option.get("value"), SELECT_TEXT, 1)
        yield from length(f"{here}.description", option.get("description"), SELECT_TEXT)
    if len({option.get("value") for option in options}) < len(options):
        said = "The specified option value is already used"
        yield Problem(f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", said)


def _input(path: str, text: Json) -> Iterator[Problem]:
    yield from length(f"{path}.custom_id", text.get("custom_id"), CUSTOM_ID, 1)
    yield from length(f"{path}.label", text.get("label"), INPUT_LABEL)
    yield from length(f"{path}.placeholder", text.get("placeholder"), INPUT_DESCRIPTION)
    most = min(text.get("max_length") or INPUT_TEXT, INPUT_TEXT)
    yield from length(f"{path}.value", text.get("value"), most)
    if (text.get("max_length") or 1) > INPUT_TEXT:
        said = f"int value should be less than or equal to {INPUT_TEXT}."
        yield Problem(f"{path}.max_length", "NUMBER_TYPE_MAX", said)


def check_modal(body: Json) -> Iterator[Problem]:
    yield from length("title", body.get("title"), MODAL_TITLE, 1)
    yield from length("custom_id", body.get("custom_id"), CUSTOM_ID, 1)
    components = body.get("components", [])
    yield from count("components", components, MODAL_INPUTS, 1)
    for index, component in enumerate(components):
        here = f"components.{index}"
        if component.get("type") == 18:
            yield from length(f"{here}.label", component.get("label"), INPUT_LABEL, 1)
            yield from length(
                f"{here}.description", component.get("description"), INPUT_DESCRIPTION
            )
        elif component.get("type") == 1 and component.get("components", [{}])[0].get("type") == 4:
            label = component["components"][0].get("label")
            yield from length(f"{here}.components.0.label", label, INPUT_LABEL, 1)
    yield from _each(components)
