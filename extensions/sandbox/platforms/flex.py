# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flex Media Platform: the authentication service, and a corner of the main API."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from ..switches import choice, number, number_or_none
from ._base import Answer, Call, Credential, Platform, json_answer, route, text_answer

REGISTRATION_KEY = "sandbox-registration-key"
SCOPE = "client_credentials_default_scope"
FIELDS = ("applicationName", "description")
REASONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict"}
MAIN_TYPE = "application/vnd.nativ.mio.v1+json"


class Flex(Platform):
    name = "flex"
    title = "Flex"
    prefixes = ("flex",)
    credentials = (Credential("registration_key", REGISTRATION_KEY),)
    own_switches = (
        choice("list_shape", "array|applications|items|content|data|paged", "An array, or an object with the list under this key; `content` is a Spring page."),
        number_or_none("page_size", "none", "Most items in an answer of the shapes `paged` (limit, offset) and `content` (page, size)."),
        choice("list_secret", "none|secret|clientSecret", "Key of the secret in the list's items."),
        choice("list_description", "yes|no", "Whether the list's items have a description."),
        choice("get_secret", "secret|clientSecret|both|none", "Key of the secret in GET by id."),
        choice("trailing_slash", "both|strict", "`strict`: GET of the list only with a trailing slash, POST only without."),
        choice("unique_names", "no|yes", "`yes`: a second application of one name is refused."),
        choice("duplicate_status", "409|400", "Status of that refusal."),
        choice("put_rotates_secret", "no|yes", "Whether PUT makes a new secret."),
        choice("put_answer", "example|full|empty|no_content", "Answer to PUT: id, clientId, clientSecret; everything; 200 or 204 with no body."),
        choice("create_status", "200|201", "Status of a registration."),
        choice("delete_status", "204|200", "Status of a deletion."),
        choice("missing", "404|200-null|400", "Answer to an unknown id."),
        choice("bad_body_status", "400|422", "Status where a mandatory field is missing."),
        choice("content_type", "json|any", "`json`: a body of another content type is refused with 415."),
        choice("wrong_key_status", "401|403", "Status for a wrong or missing registration key."),
        choice("error_shape", "spring|oauth|errors|html|empty", "Body of an error."),
        choice("token_path", "both|/oauth/token|/api/authentication/oauth/token", "Where tokens are to be had."),
        choice("token_method", "both|GET|POST", "How."),
        choice("token_error_status", "401|400", "Status for a wrong client id or secret."),
        choice("repeat_token", "new|same", "Whether a second request gets the token that is still alive."),
        choice("deleted_tokens", "valid|revoked", "Whether the tokens of a deleted application still work."),
        number("token_lifetime", 3599, "Seconds that a token lives."),
    )

    def initial(self) -> dict[str, Any]:
        return {
            "registration_key": REGISTRATION_KEY,
            "applications": [],
            "next_id": 1,
            "accounts": [{"id": 100, "name": "master"}, {"id": 101, "name": "news"}, {"id": 102, "name": "sports"}],
        }

    def index(self) -> None:
        given = [item["id"] for item in self.data["applications"] if "id" in item]
        self.data["next_id"] = max([self.data["next_id"], *(number + 1 for number in given)])
        for item in self.data["applications"]:
            item["id"] = item["id"] if "id" in item else self._next_id()
            item.setdefault("description", "")
            item.setdefault("clientId", str(uuid.uuid4()))
            item.setdefault("secret", secrets.token_urlsafe(24))

    def _next_id(self) -> int:
        self.data["next_id"] += 1
        return int(self.data["next_id"]) - 1

    # Applications

    @route("GET", "/api/authentication/applications")
    @route("GET", "/api/authentication/applications/")
    def list_all(self, call: Call) -> Answer:
        if refusal := self._refused(call, slash=True):
            return refusal
        listed = [self._item(item) for item in self.data["applications"]]
        shape = self.on("list_shape")
        size = self.on("page_size")
        if shape == "array":
            return json_answer(listed)
        if shape == "paged":
            limit, offset = _number(call, "limit", size or len(listed)), _number(call, "offset", 0)
            limit = min(limit, size) if size else limit
            return json_answer({"totalCount": len(listed), "limit": limit, "offset": offset, "applications": listed[offset : offset + limit]})
        if shape == "content":
            page, size = _number(call, "page", 0), min(_number(call, "size", size or 20), size or 2000)
            pages = -(-len(listed) // size) if size else 0
            part = listed[page * size : (page + 1) * size]
            return json_answer({"content": part, "totalElements": len(listed), "totalPages": pages, "size": size, "number": page, "last": page + 1 >= pages})
        return json_answer({shape: listed})

    @route("POST", "/api/authentication/applications")
    @route("POST", "/api/authentication/applications/")
    def create(self, call: Call) -> Answer:
        if refusal := self._refused(call, slash=False):
            return refusal
        given = self._given(call)
        if isinstance(given, Answer):
            return given
        if taken := self._taken(call, given["applicationName"], None):
            return taken
        item = {"id": self._next_id(), "clientId": str(uuid.uuid4()), "secret": secrets.token_urlsafe(24), **given}
        self.data["applications"].append(item)
        return json_answer(_full(item), int(self.on("create_status")))

    @route("GET", "/api/authentication/applications/{id}")
    def get(self, call: Call) -> Answer:
        item = self._found(call)
        if isinstance(item, Answer):
            return item
        shown = {key: item[key] for key in ("id", "applicationName", "description", "clientId")}
        for key in {"both": ("secret", "clientSecret"), "none": ()}.get(self.on("get_secret"), (self.on("get_secret"),)):
            shown[key] = item["secret"]
        return json_answer(shown)

    @route("PUT", "/api/authentication/applications/{id}")
    def put(self, call: Call) -> Answer:
        item = self._found(call)
        if isinstance(item, Answer):
            return item
        given = self._given(call)
        if isinstance(given, Answer):
            return given
        if taken := self._taken(call, given["applicationName"], item["id"]):
            return taken
        item.update(given)
        if self.on("put_rotates_secret") == "yes":
            item["secret"] = secrets.token_urlsafe(24)
        match self.on("put_answer"):
            case "empty":
                return Answer(200)
            case "no_content":
                return Answer(204)
            case "full":
                return json_answer(_full(item))
        return json_answer({"id": item["id"], "clientId": item["clientId"], "clientSecret": item["secret"]})

    @route("DELETE", "/api/authentication/applications/{id}")
    def delete(self, call: Call) -> Answer:
        item = self._found(call)
        if isinstance(item, Answer):
            return item
        self.data["applications"].remove(item)
        if self.on("deleted_tokens") == "revoked":
            self.tokens.revoke_owner(item["clientId"])
        return Answer(int(self.on("delete_status")))

    def _refused(self, call: Call, slash: bool | None = None) -> Answer | None:
        if call.headers.get("x-app-registration-key") != self.data["registration_key"]:
            return self.error(call, int(self.on("wrong_key_status")), "unauthorized", "The application registration key is missing or wrong")
        if slash is not None and self.on("trailing_slash") == "strict" and call.path.endswith("/") != slash:
            return self.error(call, 404, "not_found", f"No such path: {call.path}")
        return None

    def _found(self, call: Call) -> dict[str, Any] | Answer:
        if refusal := self._refused(call):
            return refusal
        wanted = call.parameters["id"]
        found: list[dict[str, Any]] = [item for item in self.data["applications"] if str(item["id"]) == wanted]
        if found:
            return found[0]
        if self.on("missing") == "200-null":
            return json_answer(None)
        return self.error(call, int(self.on("missing")), "not_found", f"Application {wanted} does not exist")

    def _given(self, call: Call) -> dict[str, str] | Answer:
        if self.on("content_type") == "json" and call.content_type() != "application/json":
            return self.error(call, 415, "unsupported_media_type", f"Content type '{call.content_type()}' not supported")
        try:
            body = call.json()
        except ValueError:
            return self.error(call, 400, "bad_request", "The body is not readable")
        for name in FIELDS:
            if not isinstance(body, dict) or not isinstance(body.get(name), str) or not body[name]:
                return self.error(call, int(self.on("bad_body_status")), "bad_request", f"{name} is mandatory")
        return {name: body[name] for name in FIELDS}

    def _taken(self, call: Call, name: str, own_id: int | None) -> Answer | None:
        if self.on("unique_names") == "yes" and any(item["applicationName"] == name and item["id"] != own_id for item in self.data["applications"]):
            return self.error(call, int(self.on("duplicate_status")), "conflict", f"An application named {name} exists already")
        return None

    def _item(self, item: dict[str, Any]) -> dict[str, Any]:
        shown = {"id": item["id"], "applicationName": item["applicationName"], "clientId": item["clientId"]}
        if self.on("list_description") == "yes":
            shown["description"] = item["description"]
        if self.on("list_secret") != "none":
            shown[self.on("list_secret")] = item["secret"]
        return shown

    # Tokens

    @route("GET", "/oauth/token", auth=True, login=True)
    @route("POST", "/oauth/token", auth=True, login=True)
    @route("GET", "/api/authentication/oauth/token", auth=True, login=True)
    @route("POST", "/api/authentication/oauth/token", auth=True, login=True)
    def token(self, call: Call) -> Answer:
        if self.on("token_path") not in ("both", call.path):
            return self.error(call, 404, "not_found", f"No such path: {call.path}")
        if self.on("token_method") not in ("both", call.method):
            return self.error(call, 405, "method_not_allowed", f"Request method '{call.method}' not supported")
        client_id, secret = call.basic() or ("", "")
        item = next((item for item in self.data["applications"] if item["clientId"] == client_id and item["secret"] == secret), None)
        if item is None:
            return self._token_error(call, int(self.on("token_error_status")), "invalid_client", "Bad client credentials")
        grant = call.argument("grant_type") or call.form().get("grant_type")
        if grant != "client_credentials":
            return self._token_error(call, 400, "unsupported_grant_type" if grant else "invalid_request", f"Unsupported grant type: {grant}")
        token = self.tokens.latest(client_id) if self.on("repeat_token") == "same" else None
        if token is None:
            claims = {"scope": [SCOPE], "client_id": client_id}
            token = self.issued(self.tokens.issue_jwt("access", client_id, self.on("token_lifetime"), claims))
        return json_answer(
            {
                "access_token": token.value,
                "token_type": "bearer",
                "expires_in": self.tokens.seconds_left(token),
                "scope": SCOPE,
                "jti": token.extra["jti"],
            }
        )

    def _token_error(self, call: Call, status: int, name: str, text: str) -> Answer:
        if self.on("error_shape") in ("spring", "oauth"):
            return json_answer({"error": name, "error_description": text}, status)
        return self.error(call, status, name, text)

    # A corner of the main API

    @route("GET", "/api/accounts{matrix:path}")
    def accounts(self, call: Call) -> Answer:
        if self._bearer(call) is None:
            return self.error(call, 401, "unauthorized", "Full authentication is required to access this resource")
        found = self.data["accounts"]
        limit, offset = _number(call, "limit", 100), _number(call, "offset", 0)
        if name := _matrix(call).get("name"):
            found = [item for item in found if item["name"] == name]
        body = {"totalCount": len(found), "limit": limit, "offset": offset, "accounts": found[offset : offset + limit]}
        answer = json_answer(body)
        answer.headers["content-type"] = MAIN_TYPE
        return answer

    @route("*", "/api/echo")
    def echoed(self, call: Call) -> Answer:
        token = self._bearer(call)
        if token is None:
            return self.error(call, 401, "unauthorized", "Full authentication is required to access this resource")
        return self.echo(call, clientId=token, actAsUserId=call.headers.get("actasuserid"))

    def _bearer(self, call: Call) -> str | None:
        token = self.tokens.get(call.bearer())
        return token.owner if token else None

    # Errors

    def error(self, call: Call, status: int, name: str, text: str) -> Answer:
        match self.on("error_shape"):
            case "oauth":
                return json_answer({"error": name, "error_description": text}, status)
            case "errors":
                return json_answer({"errors": {"error": text}}, status)
            case "html":
                return text_answer(f"<html><head><title>Error {status}</title></head><body>{text}</body></html>", status, "text/html")
            case "empty":
                return Answer(status)
        body = {
            "timestamp": int(self.clock.now() * 1000),
            "status": status,
            "error": REASONS.get(status, "Error"),
            "message": text,
            "path": call.path,
        }
        return json_answer(body, status)


def _full(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": item["id"],
        "clientId": item["clientId"],
        "clientSecret": item["secret"],
        "applicationName": item["applicationName"],
        "description": item["description"],
    }


def _matrix(call: Call) -> dict[str, str]:
    """Matrix parameters: /api/accounts;limit=1;name=x"""
    return dict(part.partition("=")[::2] for part in call.path.split(";")[1:])


def _number(call: Call, name: str, default: int) -> int:
    value = _matrix(call).get(name) or call.argument(name)
    return int(value) if value and value.isdigit() else default
