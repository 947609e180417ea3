# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import responses
from responses.registries import OrderedRegistry

from ansible_collections.mediaops.access.plugins.module_utils._http import client
from ansible_collections.mediaops.access.plugins.module_utils._http.client import Http
from ansible_collections.mediaops.access.plugins.module_utils._http.models import ConnectionOptions
from ansible_collections.mediaops.access.plugins.module_utils._masking.secrets import Secrets
from ansible_collections.mediaops.access.plugins.module_utils._platform.responses import ResponseReader
from ansible_collections.mediaops.access.plugins.module_utils._ratelimit.budget import WaitBudget


@pytest.fixture
def send(clock):
    """Sends a request as a task does."""

    def send(
        request,
        *,
        rate_limits=(),
        max_wait=300,
        backend=None,
        is_definitive_refusal=lambda response: False,
        **transport,
    ):
        rules = ResponseReader({}, {}, Secrets(), {})
        rules.is_definitive_refusal = is_definitive_refusal
        http = Http(
            ConnectionOptions(**transport),
            WaitBudget(max_wait, clock),
            clock,
            backend,
            lambda request: rate_limits,
            rules,
        )
        return http.send(request)

    return send


@pytest.fixture
def exchange(monkeypatch):
    """The exact exchange that a test expects: one request too many or too few fails it."""
    monkeypatch.setattr(client.random, "random", lambda: 0.5)
    with responses.RequestsMock(assert_all_requests_are_fired=True, registry=OrderedRegistry) as mock:

        def expect(request, *answers):
            for answer in answers:
                given = (
                    answer
                    if isinstance(answer, dict)
                    else {"body" if isinstance(answer, Exception) else "status": answer}
                )
                mock.add(request.method, request.url, **given)
            return mock

        yield expect
