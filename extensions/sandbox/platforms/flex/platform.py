# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flex Media Platform: the authentication service, and a small part of the main API."""

from __future__ import annotations

import secrets
import uuid
from http import HTTPStatus
from typing import Any

from starlette.responses import HTMLResponse, Response

from ...messages import JSONResponse, PlatformRequest, Rejection
from ...routing import Endpoint
from ...switches import choice, number, optional_number
from ..base import Credential, Platform
from .main_api import MainApi, parse_number

REGISTRATION_KEY = "sandbox-registration-key"
SCOPE = "client_credentials_default_scope"
FIELDS = ("applicationName", "description")
APPLICATIONS = "/api/authentication/applications"
TOKEN_PATHS = ("/oauth/token", "/api/authentication/oauth/token")


class Flex(Platform):
    name = "flex"
    title = "Flex"
    credentials = (
        Credential("registration_key", REGISTRATION_KEY),
        Credential("main API (HTTP Basic)", "flex-user / flex-password"),
    )
    own_switches = (
        choice(
            "list_shape",
            "array|applications|items|content|data|paged",
            "Shape of the list: an array, or an object with the list under this key. `content`: a Spring page; "
            "`paged`: `applications` with limit and offset.",
        ),
        optional_number(
            "page_size",
            None,
            "Maximum page size for the list shapes `paged` (limit, offset) and `content` (page, size).",
        ),
        choice("list_secret", "none|secret|clientSecret", "Key of the secret in the items of the list."),
        choice("list_description", "yes|no", "Whether the items of the list have a description."),
        choice("get_secret", "secret|clientSecret|both|none", "Key of the secret in the response to GET by ID."),
        choice(
            "trailing_slash",
            "both|strict",
            "`strict`: GET of the list requires a trailing slash, and POST rejects one.",
        ),
        choice("unique_names", "no|yes", "`yes`: a second application with the same name is rejected."),
        choice("duplicate_status", "409|400", "Status if the name is taken (see `unique_names`)."),
        choice("put_rotates_secret", "no|yes", "Whether PUT generates a new secret."),
        choice(
            "put_answer",
            "example|full|empty|no_content",
            "Response to PUT: ID, clientId and clientSecret; all fields; 200 or 204 without a body.",
        ),
        choice("create_status", "200|201", "Status of a successful registration."),
        choice("delete_status", "204|200", "Status of a successful deletion."),
        choice("missing", "404|200-null|400", "Response if the ID is unknown."),
        choice("bad_body_status", "400|422", "Status if a mandatory field is missing."),
        choice("content_type", "json|any", "`json`: a body with another content type is rejected with 415."),
        choice("wrong_key_status", "401|403", "Status if the registration key is missing or wrong."),
        choice("error_shape", "spring|oauth|errors|html|empty", "Body of an error response."),
        choice("token_path", "both|/oauth/token|/api/authentication/oauth/token", "Path of the token endpoint."),
        choice("token_method", "both|GET|POST", "Method of the token endpoint."),
        choice("token_error_status", "401|400", "Status if the client ID or secret is wrong."),
        choice(
            "repeat_token",
            "new|same",
            "Token in the response to a repeated token request: a new one, or the previous one while it is valid.",
        ),
        choice("deleted_tokens", "valid|revoked", "Whether the tokens of a deleted application remain valid."),
        number("token_lifetime", 3599, "Lifetime of a token in seconds."),
    )

    def initial_state(self) -> dict[str, Any]:
        return {
            "registration_key": REGISTRATION_KEY,
            "applications": [],
            "next_id": 1,
            "users": [{"username": "flex-user", "password": "flex-password"}],
            "accounts": [{"id": 100, "name": "master"}, {"id": 101, "name": "news"}, {"id": 102, "name": "sports"}],
        }

    def index_state(self) -> None:
        used_ids = [item["id"] for item in self.data["applications"] if "id" in item]
        self.data["next_id"] = max([self.data["next_id"], *(number + 1 for number in used_ids)])
        for item in self.data["applications"]:
            item["id"] = item["id"] if "id" in item else self._next_id()
            item.setdefault("description", "")
            item.setdefault("clientId", str(uuid.uuid4()))
            item.setdefault("secret", secrets.token_urlsafe(24))

    def _next_id(self) -> int:
        self.data["next_id"] += 1
        return int(self.data["next_id"]) - 1

    def define_endpoints(self) -> dict[str, list[Endpoint]]:
        return {
            "flex": [
                *(Endpoint(path, self.list_applications, "GET") for path in (APPLICATIONS, APPLICATIONS + "/")),
                *(Endpoint(path, self.create_application, "POST") for path in (APPLICATIONS, APPLICATIONS + "/")),
                Endpoint(APPLICATIONS + "/{id}", self.show_application, "GET"),
                Endpoint(APPLICATIONS + "/{id}", self.update_application, "PUT"),
                Endpoint(APPLICATIONS + "/{id}", self.delete_application, "DELETE"),
                *(Endpoint(path, self.issue_token, "GET", "POST", login=True) for path in TOKEN_PATHS),
                *MainApi(self, self._check_token).define_endpoints(),
                Endpoint("/api/echo", self.echo_request),
            ]
        }

    # Applications

    def list_applications(self, request: PlatformRequest) -> Response:
        self._check_key(request, slash=True)
        items = [self._list_item(item) for item in self.data["applications"]]
        shape, page_size = self.switch("list_shape"), self.switch("page_size")
        match shape:
            case "array":
                return JSONResponse(items)
            case "paged":
                return JSONResponse(_paged_list(request, items, page_size))
            case "content":
                return JSONResponse(_spring_page(request, items, page_size))
        return JSONResponse({shape: items})

    def create_application(self, request: PlatformRequest) -> Response:
        self._check_key(request, slash=False)
        given = self._parse_application(request)
        self._check_name(request, given["applicationName"], None)
        item = {"id": self._next_id(), "clientId": str(uuid.uuid4()), "secret": secrets.token_urlsafe(24), **given}
        self.data["applications"].append(item)
        return JSONResponse(_all_fields(item), int(self.switch("create_status")))

    def show_application(self, request: PlatformRequest) -> Response:
        item = self._find_application(request)
        shown = {key: item[key] for key in ("id", "applicationName", "description", "clientId")}
        for key in {"both": ("secret", "clientSecret"), "none": ()}.get(
            self.switch("get_secret"), (self.switch("get_secret"),)
        ):
            shown[key] = item["secret"]
        return JSONResponse(shown)

    def update_application(self, request: PlatformRequest) -> Response:
        item = self._find_application(request)
        given = self._parse_application(request)
        self._check_name(request, given["applicationName"], item["id"])
        item.update(given)
        if self.switch("put_rotates_secret") == "yes":
            item["secret"] = secrets.token_urlsafe(24)
        match self.switch("put_answer"):
            case "empty":
                return Response()
            case "no_content":
                return Response(status_code=204)
            case "full":
                return JSONResponse(_all_fields(item))
        return JSONResponse({"id": item["id"], "clientId": item["clientId"], "clientSecret": item["secret"]})

    def delete_application(self, request: PlatformRequest) -> Response:
        item = self._find_application(request)
        self.data["applications"].remove(item)
        if self.switch("deleted_tokens") == "revoked":
            self.tokens.revoke_owner(item["clientId"])
        return Response(status_code=int(self.switch("delete_status")))

    def _check_key(self, request: PlatformRequest, slash: bool | None = None) -> None:
        """Reject a request without the registration key, or with the wrong trailing slash for a strict platform."""
        if request.headers.get("x-app-registration-key") != self.data["registration_key"]:
            status = int(self.switch("wrong_key_status"))
            raise self.rejection(
                request, status, "unauthorized", "The application registration key is missing or wrong"
            )
        if slash is not None and self.switch("trailing_slash") == "strict" and request.path.endswith("/") != slash:
            raise Rejection(self.refuse_path(request))

    def _find_application(self, request: PlatformRequest) -> dict[str, Any]:
        self._check_key(request)
        number = request.path_params["id"]
        found: list[dict[str, Any]] = [item for item in self.data["applications"] if str(item["id"]) == number]
        if found:
            return found[0]
        if self.switch("missing") == "200-null":
            raise Rejection(JSONResponse(None))
        raise self.rejection(request, int(self.switch("missing")), "not_found", f"Application {number} does not exist")

    def _parse_application(self, request: PlatformRequest) -> dict[str, str]:
        if self.switch("content_type") == "json" and request.content_type() != "application/json":
            raise self.rejection(
                request, 415, "unsupported_media_type", f"Content type '{request.content_type()}' not supported"
            )
        try:
            body = request.parse_json()
        except ValueError as exc:
            raise self.rejection(request, 400, "bad_request", "The body is not valid JSON") from exc
        for name in FIELDS:
            if not isinstance(body, dict) or not isinstance(body.get(name), str) or not body[name]:
                raise self.rejection(
                    request, int(self.switch("bad_body_status")), "bad_request", f"{name} is mandatory"
                )
        return {name: body[name] for name in FIELDS}

    def _check_name(self, request: PlatformRequest, name: str, own_id: int | None) -> None:
        """Reject a name that another application has."""
        if self.switch("unique_names") == "yes" and any(
            item["applicationName"] == name and item["id"] != own_id for item in self.data["applications"]
        ):
            raise self.rejection(
                request, int(self.switch("duplicate_status")), "conflict", f"An application named {name} already exists"
            )

    def _list_item(self, item: dict[str, Any]) -> dict[str, Any]:
        shown = {"id": item["id"], "applicationName": item["applicationName"], "clientId": item["clientId"]}
        if self.switch("list_description") == "yes":
            shown["description"] = item["description"]
        if self.switch("list_secret") != "none":
            shown[self.switch("list_secret")] = item["secret"]
        return shown

    # Tokens

    def issue_token(self, request: PlatformRequest) -> Response:
        if self.switch("token_path") not in ("both", request.path):
            return self.refuse_path(request)
        if self.switch("token_method") not in ("both", request.method):
            return self.error_response(
                request, 405, "method_not_allowed", f"Request method '{request.method}' not supported"
            )
        client_id, secret = request.basic_credentials() or ("", "")
        if not any(item["clientId"] == client_id and item["secret"] == secret for item in self.data["applications"]):
            return self._token_error(
                request, int(self.switch("token_error_status")), "invalid_client", "Bad client credentials"
            )
        grant = request.query_params.get("grant_type") or request.parse_form().get("grant_type")
        if grant != "client_credentials":
            return self._token_error(
                request,
                400,
                "unsupported_grant_type" if grant else "invalid_request",
                f"Unsupported grant type: {grant}",
            )
        token = self.tokens.latest(client_id) if self.switch("repeat_token") == "same" else None
        if token is None:
            claims = {"scope": [SCOPE], "client_id": client_id}
            token = self.tokens.issue_jwt("access", client_id, self.switch("token_lifetime"), claims)
        return JSONResponse(
            {
                "access_token": token.value,
                "token_type": "bearer",
                "expires_in": self.tokens.seconds_left(token),
                "scope": SCOPE,
                "jti": token.extra["jti"],
            }
        )

    def _token_error(self, request: PlatformRequest, status: int, code: str, text: str) -> Response:
        if self.switch("error_shape") in ("spring", "oauth"):
            return JSONResponse({"error": code, "error_description": text}, status)
        return self.error_response(request, status, code, text)

    # The main API

    def echo_request(self, request: PlatformRequest) -> Response:
        client_id = self._check_token(request)
        return self.echo(request, clientId=client_id, actAsUserId=request.headers.get("actasuserid"))

    def _check_token(self, request: PlatformRequest) -> str:
        """Return the client ID to which the token was issued, or the name of a local user (HTTP Basic)."""
        username, password = request.basic_credentials() or (None, None)
        if {"username": username, "password": password} in self.data["users"]:
            return str(username)
        token = self.tokens.get(request.bearer_token())
        if token is None:
            raise self.rejection(
                request, 401, "unauthorized", "Full authentication is required to access this resource"
            )
        return token.owner

    # Errors

    def error_response(self, request: PlatformRequest, status: int, code: str, text: str) -> Response:
        match self.switch("error_shape"):
            case "oauth":
                return JSONResponse({"error": code, "error_description": text}, status)
            case "errors":
                return JSONResponse({"errors": {"error": text}}, status)
            case "html":
                return HTMLResponse(
                    f"<html><head><title>Error {status}</title></head><body>{text}</body></html>", status
                )
            case "empty":
                return Response(status_code=status)
        body = {
            "timestamp": int(self.clock.now() * 1000),
            "status": status,
            "error": HTTPStatus(status).phrase,
            "message": text,
            "path": request.path,
        }
        return JSONResponse(body, status)


def _all_fields(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": item["id"],
        "clientId": item["clientId"],
        "clientSecret": item["secret"],
        "applicationName": item["applicationName"],
        "description": item["description"],
    }


def _paged_list(request: PlatformRequest, items: list[Any], page_size: int | None) -> dict[str, Any]:
    limit, offset = parse_number(request, "limit", page_size or len(items)), parse_number(request, "offset", 0)
    limit = min(limit, page_size) if page_size else limit
    return {"totalCount": len(items), "limit": limit, "offset": offset, "applications": items[offset : offset + limit]}


def _spring_page(request: PlatformRequest, items: list[Any], page_size: int | None) -> dict[str, Any]:
    page = parse_number(request, "page", 0)
    size = min(parse_number(request, "size", page_size or 20), page_size or 2000)
    pages = -(-len(items) // size) if size else 0
    part = items[page * size : (page + 1) * size]
    return {
        "content": part,
        "totalElements": len(items),
        "totalPages": pages,
        "size": size,
        "number": page,
        "last": page + 1 >= pages,
    }
