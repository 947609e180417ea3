# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of a platform's API, without tokens."""

from __future__ import annotations

import typing as t

from .._data.schema import Schema
from .._http.models import Request, Response, root_url
from .session import Session


class ApiClient:
    """Sends the requests of one task, and validates the responses."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.params = session.params
        self.http = session.http
        self.responses = session.responses
        self.require = session.require
        #: The root of the platform's API, without a trailing slash.
        self.url = self._find_root()

    def _find_root(self) -> str:
        return root_url(self.require("url")) if "url" in self.session.options else ""

    def send(self, request: Request) -> Response:
        """Send a request, and return the response.

        :raises AccessError: if the response reports an error (see :meth:`ResponseReader.find_error`).
        """
        return self.responses.raise_for_error(self.http.send(request))

    def fetch(self, request: Request, schema: Schema) -> t.Any:
        """Send a request, and return the validated data of the response."""
        return self.responses.validate(self.send(request), schema)
