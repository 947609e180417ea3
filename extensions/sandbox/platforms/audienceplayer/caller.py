# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who makes a GraphQL request, and which user it concerns."""

from __future__ import annotations

import re
from typing import Any

from ...state import Token
from ..base import Platform
from .users import User, Users

#: The scope in a URL and in a token.
SCOPES = {"user": "api-user-access", "admin": "api-admin-access"}
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class OperationError(Exception):
    """An operation that fails, with AudiencePlayer's code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Caller:
    """The caller of a request in one scope: a client with its secret, or a user with a token."""

    def __init__(self, platform: Platform, users: Users, scope: str, token: str | None) -> None:
        self._platform = platform
        self._users = users
        self._token = token
        self.scope = scope

    def check_client(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the client with the given credentials."""
        clients: list[dict[str, Any]] = self._platform.data["clients"]
        for client in clients:
            known = client["client_id"], client["client_secret"], client["scope"], self._platform.data["project_id"]
            if known == (given.get("client_id"), given.get("client_secret"), self.scope, given.get("project_id")):
                return client
        raise OperationError(401, "Client authentication failed")

    def check_token(self) -> Token:
        token = self._platform.tokens.get(self._token)
        if token is None:
            raise OperationError(401, "Unauthenticated.")
        if token.extra["scope"] != self.scope:
            raise OperationError(403, "The token does not have the required scope")
        return token

    def current_user(self) -> User:
        """Return the user to whom the token was issued."""
        user = self._users.with_id(int(self.check_token().owner))
        if user is None:
            raise OperationError(401, "Unauthenticated.")
        return user

    def find_user(self, user_id: int | None, email: str | None) -> User | None:
        if user_id is not None:
            return self._users.with_id(user_id)
        if email is None:
            raise OperationError(400, "user_id or user_email is required")
        user = self._users.with_email(email)
        return user if user and (self._platform.switch("email_case") == "ignored" or user["email"] == email) else None

    def find_or_register_user(self, given: dict[str, Any]) -> User:
        """Return the user with the given ID or address. Registers the address if that is asked for."""
        user = self.find_user(given.get("user_id"), given.get("user_email"))
        if user is None and given.get("auto_register") and given.get("user_id") is None:
            user = self._register_user(given)
        if user is None:
            raise OperationError(404, "User not found")
        if user.get("refuses"):
            raise OperationError(int(user["refuses"]), "The user cannot be changed")
        return user

    def _register_user(self, given: dict[str, Any]) -> User:
        email = given["user_email"]
        if not EMAIL.fullmatch(email):
            raise OperationError(400, "user_email is not an e-mail address")
        user = {
            "id": self._users.new_id(),
            "email": email,
            "name": given.get("user_name") or "",
            "password": given.get("user_password"),
            "locale": given.get("user_locale"),
            "products": [],
            "subscriptions": [],
        }
        self._users.add(user)
        return user
