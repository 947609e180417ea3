# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AudiencePlayer: the GraphQL endpoints of the user and the admin scope."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
    parse,
    validate,
)

from ..state import to_datetime, to_epoch, to_text
from ..switches import choice, number, number_or_none
from ._base import Answer, Call, Credential, Platform, json_answer, route, text_answer
from .audienceplayer_schema import schema
from .audienceplayer_work import SCOPES, Refused, Work

PROJECT = 111
LOGINS = {"ClientAuthenticate", "ClientUserAuthenticate", "UserAuthenticate"}
YEAR = 365 * 86400
LITERAL = re.compile(r'"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|(?<![\w$])-?\d[\d.eE+-]*')
DATE_FORMATS = {"z": "%Y-%m-%dT%H:%M:%SZ", "offset": "%Y-%m-%dT%H:%M:%S+00:00", "space": "%Y-%m-%d %H:%M:%S"}


class AudiencePlayer(Platform):
    name = "audienceplayer"
    title = "AudiencePlayer"
    prefixes = ("audienceplayer",)
    rate_limit = "120/minute"
    auth_rate_limit = "20/minute"
    credentials = (
        Credential("project_id", str(PROJECT)),
        Credential("client_id / client_secret (user scope)", "222 / user-scope-secret"),
        Credential("client_id / client_secret (admin scope)", "333 / admin-scope-secret"),
        Credential("users (email / password)", "alice@example.com / alice-password, bob@... / bob-..., carol@... / carol-..."),
        Credential("administrator (email / password)", "admin@example.com / admin-password"),
        Credential("products, subscriptions", "444, 445 (445 ends after 30 days); 555, 556"),
    )
    own_switches = (
        choice("error_status", "200|http", "HTTP status of an answer with errors; `http`: the code of the first error."),
        choice("error_code_place", "code|extensions|both|none", "Where an error has its code: on top, under extensions, both, nowhere."),
        choice("error_path", "yes|no", "Whether errors carry path and locations."),
        choice("error_data", "partial|null|absent", "`data` beside errors: what succeeded, null, or no such key. What succeeded stays done in any case."),
        choice("manage_result", "true|false|null|string|refused", "What an entitlement mutation answers; `refused`: false, and nothing is done."),
        choice("ids", "int|string", "JSON type of ids in answers."),
        choice("arguments", "required|optional|scalars", "Declared types of arguments: String!, String, or String! and scalars DateTime and Email."),
        choice("date_format", "z|offset|space", "How instants are written in answers: Z, +00:00, or `YYYY-MM-DD HH:MM:SS`."),
        choice("date_input", "strict|iso", "Which `expires_at` is understood: YYYY-MM-DDTHH:MM:SSZ only, or any ISO 8601."),
        choice("ended_subscriptions", "absent|present", "Whether ended subscriptions are listed."),
        choice("revoked_products", "absent|present", "Whether revoked products are listed (not fulfilled)."),
        choice("expired_products", "unfulfilled|fulfilled", "`is_fulfilled` of a product whose fulfilment has expired."),
        choice("suspended_valid", "yes|no", "`is_valid` of a suspended subscription."),
        choice("list_pagination", "yes|no", "Whether the lists take limit, offset and so on, and have `pagination`."),
        number_or_none("page_size", "25", "Items of a list where no limit is given."),
        number_or_none("max_limit", "100", "The highest limit that a list takes; more is cut to it."),
        choice("missing_user", "error|null", "ClientUser for nobody: null with error 404, or null alone."),
        choice("revoke_missing", "noop|404", "Revoking what is not held."),
        choice("revoke_expires_at", "optional|required", "Whether revoking a subscription needs the argument `expires_at` (which may be null)."),
        choice("fulfil_again", "ok|409|3800|3201", "Fulfilling what is held just so: done again, or an error with this code."),
        choice("email_case", "ignored|significant", "Whether letter case matters in e-mail addresses."),
        choice("auth_sets_name", "no|yes", "Whether ClientUserAuthenticate changes the name of a user who exists."),
        choice("expires_in", "given|absent", "Whether a token answer says `expires_in`; `absent`: null."),
        number("token_lifetime", 3600, "Seconds that a token lives that a client obtained."),
        number("password_token_lifetime", 315360000, "Seconds that a token lives that UserAuthenticate gave."),
        choice("limit_counts", "request|field", "What one place of the limits is for: a request, or each field (alias) in it."),
        choice("limit_status", "429|200", "HTTP status of an answer over the limit."),
        choice("limit_body", "graphql|message|html|empty", "Body of an answer over the limit."),
        choice("get_requests", "yes|no", "Whether the webhook format (GET) is answered."),
        choice("introspection", "yes|no", "Whether the schema can be asked for."),
    )

    # State

    def initial(self) -> dict[str, Any]:
        now = self.clock.now()
        return {
            "project_id": PROJECT,
            "clients": [
                {"client_id": "222", "client_secret": "user-scope-secret", "scope": "user", "user_id": 2},
                {"client_id": "333", "client_secret": "admin-scope-secret", "scope": "admin", "user_id": 1},
            ],
            "products": [{"id": 444, "title": "Film", "days": None}, {"id": 445, "title": "Rental", "days": 30}],
            "subscriptions": [{"id": 555, "title": "Monthly"}, {"id": 556, "title": "Yearly"}],
            "users": [
                {"id": 1, "email": "admin@example.com", "name": "Administrator", "password": "admin-password", "admin": True},
                {"id": 2, "email": "integration@example.com", "name": "Integration"},
                {"id": 1001, "email": "alice@example.com", "name": "Alice", "password": "alice-password"},
                {
                    "id": 1002,
                    "email": "bob@example.com",
                    "name": "Bob",
                    "password": "bob-password",
                    "products": [{"id": 5001, "product_id": 444}],
                    "subscriptions": [{"id": 6001, "subscription_id": 555, "expires_at": to_text(now + YEAR), "acquired_at": to_text(now)}],
                },
                {
                    "id": 1003,
                    "email": "carol@example.com",
                    "name": "Carol",
                    "password": "carol-password",
                    "subscriptions": [{"id": 6002, "subscription_id": 556, "expires_at": to_text(now - 86400), "acquired_at": to_text(now - YEAR)}],
                },
            ],
        }

    def index(self) -> None:
        self.by_id: dict[int, dict[str, Any]] = {}
        self.by_email: dict[str, dict[str, Any]] = {}
        self.next_id = 7000
        for user in self.data["users"]:
            user.setdefault("name", "")
            user.setdefault("password", None)
            user.setdefault("products", [])
            user.setdefault("subscriptions", [])
            for item in (*user["products"], *user["subscriptions"]):
                item["id"] = item.get("id") or self.new_id()
            for item in user["products"]:
                item.setdefault("is_fulfilled", True)
                item.setdefault("fulfilment_expires_at", None)
            for item in user["subscriptions"]:
                item.setdefault("acquired_at", to_text(self.clock.now()))
                item.setdefault("suspended_at", None)
                to_epoch(item["expires_at"])
            self.add(user)

    def add(self, user: dict[str, Any]) -> None:
        self.by_id[int(user["id"])] = user
        self.by_email[user["email"].lower()] = user
        self.next_id = max(self.next_id, int(user["id"]) + 1)

    def new_id(self) -> int:
        self.next_id += 1
        return self.next_id - 1

    # Requests

    @route("POST", "/graphql/{project}/{scope}")
    @route("POST", "/graphql/{project}/{scope}/")
    @route("GET", "/graphql/{project}/{scope}")
    @route("GET", "/graphql/{project}/{scope}/")
    def graphql(self, call: Call) -> Answer:
        query: _Query = call.work
        if call.parameters["project"] != str(self.data["project_id"]):
            return self.error(call, 404, "project", "Project not found")
        if query.document is None:
            return self._formatted(ExecutionResult(None, [query.error or GraphQLError("No query")]), 400)
        if call.method == "GET" and self.on("get_requests") == "no":
            return self.error(call, 405, "method", "GET is not allowed")
        errors = _validated(self._schema(call.parameters["scope"]), query.text)
        if self.on("introspection") == "no" and any(name.startswith("__") for name in call.operations):
            errors = [GraphQLError("Introspection is not allowed")]
        if errors:
            return self._formatted(ExecutionResult(None, errors), 400)
        work = Work(self, call)
        result = execute_sync(
            self._schema(call.parameters["scope"]),
            query.document,
            root_value=work.roots(),
            variable_values=query.variables,
            operation_name=query.name,
        )
        return self._formatted(result, 400)

    def prepare(self, call: Call) -> None:
        super().prepare(call)
        if call.parameters.get("scope") not in SCOPES:
            call.parameters = {}
            if not isinstance(call.work, list):
                call.work = []
            return
        call.work = query = _Query(call)
        call.operations = query.operations
        logins = sum(name in LOGINS for name in call.operations)
        call.auth = call.login = logins > 0
        if self.on("limit_counts") == "field":
            call.cost, call.auth_cost = max(1, len(call.operations)), logins

    def answer(self, call: Call) -> Answer:
        return self.graphql(call) if isinstance(call.work, _Query) else super().answer(call)

    def who(self, call: Call) -> str:
        """The fingerprint."""
        return "\n".join((call.client, call.headers.get("user-agent", ""), call.headers.get("x-forwarded-for", "")))

    def _schema(self, scope: str) -> GraphQLSchema:
        return schema(scope, self.on("ids"), self.on("arguments"), self.on("manage_result"), self.on("list_pagination"))

    # Answers

    def _formatted(self, result: ExecutionResult, default: int) -> Answer:
        if not result.errors:
            return json_answer({"data": result.data})
        errors = [self._error(error, default) for error in result.errors]
        body: dict[str, Any] = {"errors": [item[1] for item in errors]}
        if result.data is not None and self.on("error_data") != "absent":
            body["data"] = None if self.on("error_data") == "null" else result.data
        code = errors[0][0]
        return json_answer(body, (code if 400 <= code < 600 else 400) if self.on("error_status") == "http" else 200)

    def _error(self, error: GraphQLError, default: int) -> tuple[int, dict[str, Any]]:
        cause = error.original_error
        code = cause.code if isinstance(cause, Refused) else 500 if cause and not isinstance(cause, GraphQLError) else default
        item: dict[str, Any] = {"message": error.message}
        if self.on("error_code_place") in ("code", "both"):
            item["code"] = code
        if self.on("error_code_place") in ("extensions", "both"):
            item["extensions"] = {"code": code}
        if self.on("error_path") == "yes":
            if error.path:
                item["path"] = error.path
            item["locations"] = [{"line": place.line, "column": place.column} for place in error.locations or []]
        return code, item

    def error(self, call: Call, status: int, name: str, text: str) -> Answer:
        answer = self._formatted(ExecutionResult(None, [GraphQLError(text, original_error=Refused(status, text))]), status)
        answer.status = status if self.on("error_status") == "http" or name in ("not_found", "method_not_allowed") else 200
        return answer

    def limit_answer(self, call: Call) -> Answer:
        text = "Too Many Attempts."
        answer = self.error(call, 429, "limit", text)
        match self.on("limit_body"):
            case "message":
                answer = json_answer({"message": text})
            case "html":
                answer = text_answer(f"<html><head><title>{text}</title></head><body>{text}</body></html>", kind="text/html")
            case "empty":
                answer = Answer(429)
        answer.status = int(self.on("limit_status"))
        return answer

    def date(self, text: str | None) -> str | None:
        """An instant of the state as answers write it."""
        return to_datetime(to_epoch(text)).strftime(DATE_FORMATS[self.on("date_format")]) if text else None


class _Query:
    """A GraphQL request: document, variables, and the top-level fields that it asks for."""

    def __init__(self, call: Call) -> None:
        self.error: GraphQLError | None = None
        self.document: DocumentNode | None = None
        self.variables: dict[str, Any] = {}
        self.operations: list[str] = []
        self.text = ""
        self.name: str | None = None
        try:
            given = dict(call.query) if call.method in ("GET", "HEAD") else call.json()
            variables = given.get("variables")
            self.text, self.name = given["query"], given.get("operationName")
            self.variables = json.loads(variables) if isinstance(variables, str) and variables else variables or {}
            self.document = _parsed(self.text)
            self.operations = _top_fields(self.document, self.name)
        except GraphQLError as error:
            self.error = error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            self.error = GraphQLError(f"The request is not readable: {type(error).__name__}")


_valid: set[tuple[GraphQLSchema, str]] = set()


@lru_cache(maxsize=256)
def _parsed(text: str) -> DocumentNode:
    return parse(text)


def _validated(variant: GraphQLSchema, text: str) -> list[GraphQLError]:
    """What is wrong with a document. One that differs from a valid one only in its literals is valid (executing checks their values)."""
    shape = LITERAL.sub(lambda found: '""' if found[0].startswith('"') else "0" if found[0].lstrip("-").isdigit() else "0.0", text)
    if (variant, shape) in _valid:
        return []
    errors = validate(variant, _parsed(text))
    if not errors:
        if len(_valid) >= 1000:
            _valid.clear()
        _valid.add((variant, shape))
    return errors


def _top_fields(document: DocumentNode, name: str | None) -> list[str]:
    """The names of the fields that the operation asks for, in their order; an alias is another asking."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    chosen = [node for node in operations if name is None or (node.name and node.name.value == name)]
    found: list[str] = []

    def walk(selections: SelectionSetNode, seen: frozenset[str]) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                found.append(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                walk(node.selection_set, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments and node.name.value not in seen:
                walk(fragments[node.name.value].selection_set, seen | {node.name.value})

    for node in chosen[:1]:
        walk(node.selection_set, frozenset())
    return found
