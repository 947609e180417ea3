# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One item's access to one platform: the provider with its HTTP, tokens, secrets and waiting time."""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.mediaops.access.plugins.module_utils._http import Http, Transport
from ansible_collections.mediaops.access.plugins.module_utils._options import cache_location, check_common
from ansible_collections.mediaops.access.plugins.module_utils._pacing import Clock, Patience
from ansible_collections.mediaops.access.plugins.module_utils._provider import Provider
from ansible_collections.mediaops.access.plugins.module_utils._secrets import Secrets
from ansible_collections.mediaops.access.plugins.module_utils._store import TokenStore, open_backend
from ansible_collections.mediaops.access.plugins.module_utils._token import Tokens

P = t.TypeVar("P", bound=Provider)


class Access(t.Generic[P]):
    """What a module's ``run`` works with. No file is opened and nobody contacted before that is needed."""

    def __init__(
        self,
        provider: type[P],
        params: dict[str, t.Any],
        *,
        secrets: Secrets,
        check_mode: bool = False,
        given: t.Iterable[str] = (),
        ansible_home: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        check_common(params)
        self.params = params
        self.check_mode = check_mode
        #: The options that the user named, as opposed to those that have their default.
        self.given = frozenset(given)
        self.secrets = secrets
        self.clock = clock or Clock()
        self.warnings: list[str] = []
        #: Takes a line about work that takes long.
        self.show: t.Callable[[str], None] = lambda _line: None
        place = cache_location(params, ansible_home)
        key = None if place == "none" else params["token_cache_key"]
        self.store = TokenStore(lambda: open_backend(place, self.clock, params, self.warnings.append), key)
        self._open(provider)

    def _open(self, provider: type[P]) -> None:
        self.patience = Patience(self.params["max_wait"], self.clock)
        self.provider = provider(self.params)
        self.provider.http = Http(
            Transport.from_params(self.params),
            self.patience,
            self.clock,
            backend=lambda: self.store,
            slots=self.provider.slots,
            is_rate_limited=self.provider.is_rate_limited,
            is_final=self.provider.is_final,
        )
        self.provider.tokens = Tokens(self.provider, self.store, self.patience, self.clock, self.secrets, self.params["min_ttl"])
        self.provider.secrets, self.provider.clock = self.secrets, self.clock
        self.provider.warn = self.warnings.append

    def another(self) -> Access[P]:
        """The same for a job in a thread: what it waits for and its secrets are its own. The store must be open by then."""
        twin = copy.copy(self)
        twin.secrets = self.secrets.copy()
        twin._open(type(self.provider))
        twin.provider.learned = self.provider.learned
        return twin

    def lock(self, *item: str) -> t.ContextManager[None]:
        """Keep other processes from writing the same item meanwhile."""
        return self.store.lock("\n".join(("item", self.provider.name, self.provider.url, *item)), self.patience)
