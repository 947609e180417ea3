# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a client authenticates at a token endpoint (RFC 6749, section 2.3.1)."""

from __future__ import annotations

import dataclasses
import typing as t
from urllib.parse import quote_plus

from .._http.models import Request


def authenticate_client(request: Request, client_id: str, client_secret: str | None, methods: t.Container[str]) -> Request:
    """The token request with the client's credentials in it: by HTTP Basic if ``methods`` allow that, else in the form.

    A public client has no secret, and only names itself in the form. With Basic, the form names the client, too.
    """
    form = {**(request.form or {}), "client_id": client_id}
    if not client_secret:
        return dataclasses.replace(request, form=form)
    if "client_secret_basic" in methods:
        return dataclasses.replace(request, form=form, basic=(quote_plus(client_id), quote_plus(client_secret)))
    return dataclasses.replace(request, form={**form, "client_secret": client_secret})
