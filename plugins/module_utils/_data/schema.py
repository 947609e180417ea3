# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks data against JSON Schemas, and says what doesn't fit without showing the value: it could be a secret."""

from __future__ import annotations

import functools
import json
import typing as t

from .._errors import MissingLibrary


@functools.lru_cache(maxsize=64)
def _validator(schema: str) -> t.Any:
    try:
        import jsonschema
    except ImportError as error:
        raise MissingLibrary("jsonschema", "to check data") from error
    return jsonschema.Draft202012Validator(json.loads(schema))


class Schema:
    """A JSON Schema (draft 2020-12) whose validator is made once per process."""

    def __init__(self, schema: dict[str, t.Any]) -> None:
        self._text = json.dumps(schema)

    def problems(self, value: t.Any, place: str = "") -> list[str]:
        """What doesn't fit, each as ``place: reason``; an empty list where all fits. ``place`` is where the value itself stands in something larger."""
        errors = sorted(_validator(self._text).iter_errors(value), key=lambda error: [str(part) for part in error.absolute_path])
        return list(dict.fromkeys(problem for error in errors for problem in _explain(error, place)))


def _explain(error: t.Any, place: str) -> t.Iterator[str]:
    if error.context and "$comment" not in error.schema:  # anyOf and its like: the branch that came furthest is the one that was meant
        deepest = max(error.context, key=lambda inner: (len(inner.absolute_path), inner.validator != "type"))
        if len(deepest.absolute_path) > len(error.absolute_path) or all(inner.validator == "type" for inner in error.context) is False:
            yield from _explain(deepest, place)
            return
    yield f"{_place(place, error.absolute_path)}: {_reason(error)}"


def _place(place: str, path: t.Iterable[t.Any]) -> str:
    place += "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return place.lstrip(".") or "the whole"


def _reason(error: t.Any) -> str:
    rule, limit = error.validator, error.validator_value
    if rule == "type":
        return f"must be {_words(limit)}, not {_type_of(error.instance)}"
    if rule == "required":
        return f"lacks {_words([name for name in limit if name not in error.instance], ' and ')}"
    if rule == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = [name for name in error.instance if name not in known]
        return f"has no option {_words(unknown)}; there are: {', '.join(sorted(known))}"
    if rule == "enum":
        return f"must be one of {_words(limit)}"
    if rule in ("minLength", "minItems", "minProperties"):
        return "must not be empty"
    if rule in ("oneOf", "anyOf"):
        return error.schema.get("$comment", "has none of the shapes that are known")
    if rule == "pattern" and limit.endswith("[0-9]+$"):
        return "must be a whole number"
    return f"breaks the rule {rule}: {limit}"


def _words(values: t.Any, last: str = " or ") -> str:
    values = [str(value) for value in (values if isinstance(values, (list, tuple)) else [values])]
    return last.join(filter(None, [", ".join(values[:-1]), values[-1] if values else ""]))


def _type_of(value: t.Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object", list: "array", type(None): "null"}
    return names.get(type(value), type(value).__name__)
