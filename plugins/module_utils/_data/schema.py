# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates data against JSON Schemas. Problems never quote a value, because it could be a secret."""

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
        raise MissingLibrary("jsonschema", "to validate data") from error
    return jsonschema.Draft202012Validator(json.loads(schema))


#: A pattern; an empty string matches it.
PRINTABLE_ASCII = r"^[\x20-\x7e]*\Z"


class Schema:
    """A JSON Schema (draft 2020-12) whose validator is created once per process."""

    def __init__(self, schema: dict[str, t.Any]) -> None:
        self._text = json.dumps(schema)

    def problems(self, value: t.Any, place: str = "") -> list[str]:
        """Validate a value and return the problems, each as ``place: reason``. ``place`` is the path of the value
        within a larger document.
        """
        errors = sorted(
            _validator(self._text).iter_errors(value), key=lambda error: [str(part) for part in error.absolute_path]
        )
        return list(dict.fromkeys(problem for error in errors for problem in _explain(error, place)))


def _explain(error: t.Any, place: str) -> t.Iterator[str]:
    if (
        error.context and "$comment" not in error.schema
    ):  # anyOf and oneOf: report the branch that matched deepest, which is most likely the intended one
        deepest = max(error.context, key=lambda inner: (len(inner.absolute_path), inner.validator != "type"))
        if (
            len(deepest.absolute_path) > len(error.absolute_path)
            or all(inner.validator == "type" for inner in error.context) is False
        ):
            yield from _explain(deepest, place)
            return
    yield f"{_place(place, error.absolute_path)}: {_reason(error)}"


def _place(place: str, path: t.Iterable[t.Any]) -> str:
    place += "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return place.lstrip(".") or "top level"


def _reason(error: t.Any) -> str:
    rule, limit = error.validator, error.validator_value
    if rule == "type":
        return f"must be {_join(limit)}, not {_type_of(error.instance)}"
    if rule == "required":
        return f"lacks {_join([name for name in limit if name not in error.instance], ' and ')}"
    if rule == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = [name for name in error.instance if name not in known]
        return f"unknown option {', '.join(map(repr, unknown))}; valid options: {', '.join(sorted(known))}"
    if rule == "enum":
        return f"must be {_join(limit)}"
    if rule in ("minLength", "minItems", "minProperties"):
        return "must not be empty"
    if rule in ("oneOf", "anyOf"):
        return error.schema.get("$comment", "does not match any valid form")
    if rule == "pattern" and limit == PRINTABLE_ASCII:
        return "must consist of printable ASCII characters"
    if rule == "pattern" and limit.endswith("[0-9]+$"):
        return "must be a whole number"
    return f"violates the schema rule {rule}: {limit}"


def _join(values: t.Any, last: str = " or ") -> str:
    values = [str(value) for value in (values if isinstance(values, (list, tuple)) else [values])]
    return last.join(filter(None, [", ".join(values[:-1]), values[-1] if values else ""]))


def _type_of(value: t.Any) -> str:
    names = {
        bool: "boolean",
        int: "integer",
        float: "number",
        str: "string",
        dict: "object",
        list: "array",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)
