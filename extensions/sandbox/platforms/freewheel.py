# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FreeWheel: the token service, and a corner of the publisher API."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from ..state import Token
from ..switches import choice, number
from ._base import Answer, Call, Credential, Platform, json_answer, route, text_answer

DENIED = "User is not authorized to access this resource with an explicit deny in an identity-based policy"


class FreeWheel(Platform):
    name = "freewheel"
    title = "FreeWheel"
    prefixes = ("freewheel",)
    rate_limit = "20/second"
    auth_rate_limit = "3/second"
    credentials = (
        Credential("username / password", "mrm / mrm-password"),
        Credential("username / password", "portal / portal-password"),
        Credential("(not activated)", "inactive / inactive-password"),
    )
    own_switches = (
        choice("repeat_login", "same_token|new_token", "Whether a login gets the token that is still alive, with the time it has left."),
        choice("old_token", "valid|revoked", "Whether a token still works after a newer one was given out."),
        number("token_lifetime", 604800, "Seconds that a token lives."),
        choice("info_field", "expires_in|expires_in_seconds|both", "Name of the remaining seconds in the token info."),
        choice("revoke_body", "empty|json|text", "Body of the answer to a revocation."),
        choice("revoke_dead", "401|200", "Answer to the revocation of a token that is dead."),
        choice("error_body", "accept|json|xml|text|empty", "Body of an error; `accept`: JSON or XML, as asked for."),
        choice("bad_request_status", "400|401|422", "Status of a token request with a wrong or missing field."),
        choice("anonymous_status", "403|401", "Status of a request without a token."),
        choice("xml_content_type", "xml|json", "`json`: XML answers are labelled application/json, as in the vendor's examples."),
        choice("auth_limit_scope", "all|token", "What counts under the limit for authentication: all of /auth, or token requests only."),
        choice("v3_json", "no|yes", "Whether v3 answers a client that does not ask for XML."),
    )

    def initial(self) -> dict[str, Any]:
        return {
            "users": [
                {"user_id": 6092302, "username": "mrm", "password": "mrm-password", "active": True},
                {"user_id": 6092303, "username": "portal", "password": "portal-password", "active": True},
                {"user_id": 6092304, "username": "inactive", "password": "inactive-password", "active": False},
            ],
            "campaigns": [{"id": number, "name": f"Campaign {number}", "status": "ACTIVE"} for number in range(1001, 1004)],
        }

    def index(self) -> None:
        for item in self.data["users"]:
            item.setdefault("active", True)
            item.setdefault("user_id", 1)
            item["username"] + item["password"]  # both are needed

    def counts_as_auth(self, call: Call) -> bool:
        return call.login if self.on("auth_limit_scope") == "token" else call.auth

    # Tokens

    @route("POST", "/auth/token", auth=True, login=True)
    def token(self, call: Call) -> Answer:
        form = call.form()
        if form.get("grant_type") != "password":
            return self.error(call, int(self.on("bad_request_status")), "unsupported_grant_type", "grant_type has to be password")
        if not form.get("username") or "password" not in form:
            return self.error(call, int(self.on("bad_request_status")), "invalid_request", "username and password are required")
        user = next((item for item in self.data["users"] if item["username"] == form["username"]), None)
        if user is None or user["password"] != form["password"]:
            return self.error(call, 401, "invalid_grant", "The username or the password is wrong")
        token = self.tokens.latest(user["username"]) if self.on("repeat_login") == "same_token" else None
        if token is None:
            if self.on("old_token") == "revoked":
                self.tokens.revoke_owner(user["username"])
            token = self.issued(self.tokens.issue("access", user["username"], self.on("token_lifetime")))
        fields = {
            "access_token": token.value,
            "token_type": "Bearer",
            "created_at": int(token.issued_at),
            "expires_in": self.tokens.seconds_left(token),
        }
        return self._tree(call, fields)

    @route("GET", "/auth/token/info", auth=True)
    def info(self, call: Call) -> Answer:
        token = self._token(call)
        if isinstance(token, Answer):
            return token
        fields: dict[str, Any] = {"user_id": self._user(token)["user_id"], "created_at": int(token.issued_at)}
        name = self.on("info_field")
        for key in ("expires_in", "expires_in_seconds") if name == "both" else (name,):
            fields[key] = self.tokens.seconds_left(token)
        return self._tree(call, fields)

    @route("POST", "/auth/token/revoke", auth=True)
    def revoke(self, call: Call) -> Answer:
        token = self._token(call)
        if isinstance(token, Answer):
            return self._revoked(call) if self.on("revoke_dead") == "200" and call.bearer() else token
        doomed = call.form().get("token")
        if not doomed:
            return self.error(call, int(self.on("bad_request_status")), "invalid_request", "token is required")
        other = self.tokens.get(doomed)
        if other is None and self.on("revoke_dead") == "401":
            return self.error(call, 401, "invalid_token", "The access token is invalid")
        if other and other.owner != token.owner:
            return self.error(call, 403, "access_denied", "The token belongs to somebody else")
        self.tokens.revoke(doomed)
        return self._revoked(call)

    def _revoked(self, call: Call) -> Answer:
        match self.on("revoke_body"):
            case "json":
                return json_answer({})
            case "text":
                return text_answer("OK")
        return Answer(200)

    def _token(self, call: Call) -> Token | Answer:
        if call.bearer() is None:
            return self.error(call, int(self.on("anonymous_status")), "forbidden", "Missing Authentication Token", gateway=True)
        token = self.tokens.get(call.bearer())
        return token or self.error(call, 401, "invalid_token", "The access token is invalid or has expired")

    def _user(self, token: Token) -> dict[str, Any]:
        return next((item for item in self.data["users"] if item["username"] == token.owner), {"user_id": 0, "active": False})

    # A corner of the publisher API

    @route("GET", "/services/v4/campaigns")
    def campaigns(self, call: Call) -> Answer:
        if refusal := self._denied(call):
            return refusal
        page, size, part = self._page(call)
        total = len(self.data["campaigns"])
        return json_answer({"page": page, "per_page": size, "total_count": total, "total_page": -(-total // size), "items": part})

    @route("GET", "/services/v3/campaigns")
    def campaigns_v3(self, call: Call) -> Answer:
        if refusal := self._denied(call) or self._not_xml(call):
            return refusal
        page, size, part = self._page(call)
        total = len(self.data["campaigns"])
        facts = {"current_page": page, "per_page": size, "total_entries": total, "total_pages": -(-total // size)}
        root = ElementTree.Element("campaigns", {key: str(value) for key, value in facts.items()})
        for item in part:
            _fill(ElementTree.SubElement(root, "campaign"), item)
        return self._xml(root)

    @route("POST", "/services/v3/campaign")
    def create_campaign(self, call: Call) -> Answer:
        if refusal := self._denied(call) or self._not_xml(call):
            return refusal
        given = _fields(call.body)
        if not given.get("name"):
            return self.error(call, 422, "invalid", "name is required")
        item = {"id": max([1000, *(item["id"] for item in self.data["campaigns"])]) + 1, "status": "ACTIVE", **given}
        self.data["campaigns"].append(item)
        return self._xml(_fill(ElementTree.Element("campaign"), item), 201)

    @route("GET", "/services/v3/campaign/{id}")
    @route("PUT", "/services/v3/campaign/{id}")
    @route("DELETE", "/services/v3/campaign/{id}")
    def campaign(self, call: Call) -> Answer:
        if refusal := self._denied(call) or self._not_xml(call):
            return refusal
        item = next((item for item in self.data["campaigns"] if str(item["id"]) == call.parameters["id"]), None)
        if item is None:
            return self.error(call, 404, "not_found", "Campaign not found")
        if call.method == "DELETE":
            self.data["campaigns"].remove(item)
            return Answer(200)
        if call.method == "PUT":
            item.update({key: value for key, value in _fields(call.body).items() if key != "id"})
        return self._xml(_fill(ElementTree.Element("campaign"), item))

    @route("*", "/services/echo")
    def echoed(self, call: Call) -> Answer:
        return self._denied(call) or self.echo(call)

    def _denied(self, call: Call) -> Answer | None:
        token = self._token(call)
        if isinstance(token, Answer):
            return token
        return None if self._user(token)["active"] else json_answer({"Message": DENIED}, 403)

    def _not_xml(self, call: Call) -> Answer | None:
        if self.on("v3_json") == "yes" or "application/xml" in call.headers.get("accept", ""):
            return None
        return self.error(call, 400, "bad_request", "json is not supported")

    def _page(self, call: Call) -> tuple[int, int, list[dict[str, Any]]]:
        page, size = (max(1, int(value)) if value.isdigit() else 1 for value in (call.argument("page") or "1", call.argument("per_page") or "50"))
        return page, size, self.data["campaigns"][(page - 1) * size : page * size]

    # Answers

    def _tree(self, call: Call, fields: dict[str, Any]) -> Answer:
        if _wants_xml(call):
            return self._xml(_fill(ElementTree.Element("oauth"), fields))
        return json_answer(fields)

    def _xml(self, root: ElementTree.Element, status: int = 200) -> Answer:
        body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
        return Answer(status, body, {"content-type": f"application/{self.on('xml_content_type')}"})

    def error(self, call: Call, status: int, name: str, text: str, gateway: bool = False) -> Answer:
        kind = self.on("error_body")
        if kind == "accept":
            kind = "xml" if _wants_xml(call) else "json"
        match kind:
            case "empty":
                return Answer(status)
            case "text":
                return text_answer(text, status)
            case "xml":
                return self._xml(_fill(ElementTree.Element("errors"), {"error": name, "error_description": text}), status)
        return json_answer({"message": text} if gateway else {"error": name, "error_description": text}, status)


def _wants_xml(call: Call) -> bool:
    accepted = call.headers.get("accept", "")
    return "application/xml" in accepted and "application/json" not in accepted


def _fill(element: ElementTree.Element, fields: dict[str, Any]) -> ElementTree.Element:
    for key, value in fields.items():
        ElementTree.SubElement(element, key).text = str(value)
    return element


def _fields(body: bytes) -> dict[str, Any]:
    """The children of an XML document's root."""
    try:
        return {child.tag: child.text or "" for child in ElementTree.fromstring(body)}
    except ElementTree.ParseError:
        return {}
