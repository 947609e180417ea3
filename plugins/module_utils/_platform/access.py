# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One item's access to one platform: the provider with its HTTP, tokens, secrets and waiting time."""

from __future__ import annotations

import copy
import hashlib
import platform
import typing as t

from .._clock import Clock
from .._http.client import Http
from .._http.models import ConnectionOptions
from .._masking.secrets import Secrets
from .._oauth2.grants import Grant
from .._oauth2.tokens import Tokens
from .._ratelimit.budget import WaitBudget
from .._store.encrypted import TokenStore
from .._store.location import open_backend
from .options import cache_location, check_common
from .platform import Provider

if t.TYPE_CHECKING:
    from .._data.rows import Decrypt

P = t.TypeVar("P", bound=Provider)

#: What a planned thing looks like; None where nothing is planned.
Plan = t.Optional[t.Dict[str, t.Any]]
_CREDENTIALS = "credentials"


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
        #: Decrypts a file that is encrypted with Ansible Vault, where that is possible.
        self.decrypt: Decrypt | None = None
        #: What this task would create, in check mode, by names; and what earlier tasks of the same check would.
        self.plans: dict[str, Plan] = {}
        self.earlier_plan: t.Callable[[str], Plan] = lambda _name: None
        self._cache = place = cache_location(params, ansible_home)
        key = None if place == "none" else params["token_cache_key"]
        self.store = TokenStore(lambda: open_backend(place, self.clock, params, self.warnings.append), key)
        self._open(provider)

    def _open(self, provider: type[P]) -> None:
        self.budget = WaitBudget(self.params["max_wait"], self.clock)
        self.provider = provider(self.params)
        self.provider.http = Http(
            ConnectionOptions.from_params(self.params),
            self.budget,
            self.clock,
            backend=lambda: self.store,
            rate_limits=self.provider.rate_limits_for,
            is_rate_limited=self.provider.is_rate_limited,
            is_definitive_refusal=self.provider.is_definitive_refusal,
            failure=self.provider.failure,
        )
        self.provider.tokens = Tokens(self.provider, self.store, self.budget, self.clock, self.secrets, self.params["min_ttl"])
        self.provider.secrets, self.provider.clock = self.secrets, self.clock
        self.provider.warn = self.warnings.append

    def for_thread(self) -> Access[P]:
        """The same for a job in a thread: what it waits for and its secrets are its own. The store must be open by then."""
        twin = copy.copy(self)
        twin.secrets = self.secrets.copy()
        twin._open(type(self.provider))
        twin.provider.capabilities = self.provider.capabilities
        return twin

    def plan(self, what: str, state: Plan) -> None:
        """In check mode, note what a real run would create, for the tasks that follow. Nothing of it may be secret."""
        self.plans[self._plan_name(what)] = state

    def planned(self, what: str) -> Plan:
        """What this task or an earlier one of the same check would create."""
        name = self._plan_name(what)
        return None if not self.check_mode else self.plans[name] if name in self.plans else self.earlier_plan(name)

    def plan_credentials(self) -> None:
        """In check mode, note that a real run would be given credentials that later tasks may use."""
        self.plan(_CREDENTIALS, {"planned": True})

    def plan_token(self, grant: Grant) -> None:
        """In check mode, note that a real run would have obtained a token by now, and cached it for later tasks."""
        if self._cache != "none":
            self.plan(self._token_of(grant), {"planned": True})

    def expects_token(self, grant: Grant) -> bool:
        """Whether a real run would find a token in the cache that this check did not obtain."""
        return self.planned(self._token_of(grant)) is not None

    def forget_token(self, grant: Grant) -> bool:
        """In check mode, note that a real run would have dropped a token by now; says whether there would have been one that this check did not obtain."""
        expected = self.expects_token(grant)
        self.plan(self._token_of(grant), None)
        return expected

    @property
    def expects_credentials(self) -> bool:
        """Whether credentials that are missing may be those that only a real run is given."""
        return self.planned(_CREDENTIALS) is not None

    def _token_of(self, grant: Grant) -> str:
        cache = self._cache if "://" in self._cache else f"{platform.node()} {self._cache}"  # a directory is one host's
        return "\n".join(("token", cache, *self.provider.token_identity(), grant.flow, grant.principal, grant.scope))

    def _plan_name(self, what: str) -> str:
        return hashlib.sha256("\n".join((self.provider.name, self.provider.url, what)).encode("utf-8", "surrogatepass")).hexdigest()

    def lock(self, *item: str) -> t.ContextManager[None]:
        """Keep other processes from writing the same item meanwhile."""
        return self.store.lock("\n".join(("item", self.provider.name, self.provider.url, *item)), self.budget)
