# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client authentication at a token endpoint (RFC 6749, section 2.3.1)."""

from __future__ import annotations

import dataclasses
import typing as t
from urllib.parse import quote_plus

from .._http.models import Request


def authenticate_client(
    request: Request, client_id: str, client_secret: str | None, methods: t.Container[str]
) -> Request:
    """Add the client's credentials to a token request: as HTTP Basic authentication if ``methods`` include it,
    otherwise in the form.

    The form always contains ``client_id``, which is all that a public client, having no secret, sends.
    """
    form = {**(request.form or {}), "client_id": client_id}
    if not client_secret:
        return dataclasses.replace(request, form=form)
    if "client_secret_basic" in methods:
        return dataclasses.replace(request, form=form, basic=(quote_plus(client_id), quote_plus(client_secret)))
    return dataclasses.replace(request, form={**form, "client_secret": client_secret})
