# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the platform's API."""

from __future__ import annotations

from ..._http.models import root_url
from ..._platform.authorized_client import AuthorizedClient
from .issuer import OAuth2Tokens


class OAuth2(AuthorizedClient):
    """The platform's API, to which ``oauth2_api`` sends arbitrary requests."""

    issuer: OAuth2Tokens

    def _find_root(self) -> str:
        return root_url(self.params["url"]) if self.params["url"] else ""
