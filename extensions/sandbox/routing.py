# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints, and the operations that requests ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.responses import Response
from starlette.routing import Route

from .messages import PlatformRequest

Handler = Callable[[PlatformRequest], Response]


class Endpoint(Route):
    """A route of a platform; any method if none is given.

    `auth`: requests count towards the authentication limit. `login`: requests ask for a token, and count towards that
    limit, too.
    """

    def __init__(self, path: str, handler: Handler, *methods: str, auth: bool = False, login: bool = False) -> None:
        super().__init__(path, handler, methods=methods)
        #: For the header Allow, in which the platforms don't list HEAD.
        self.listed_methods = set(methods)
        self.auth = auth or login
        self.login = login


@dataclass(slots=True)
class Operation:
    """The operation that a request asks for. It is known before the request is processed: limits, faults and journal
    depend on it.
    """

    #: Names the operation in the counts, such as `GET /api/accounts`.
    label: str
    handler: Handler
    auth: bool = False
    login: bool = False
    #: The top-level fields of a GraphQL request.
    fields: list[str] = field(default_factory=list)
    #: The places that it takes in the rate limits.
    cost: int = 1
    auth_cost: int = 1
