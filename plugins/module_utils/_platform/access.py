# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One item's access to one platform: a client with its HTTP, tokens and secrets, and what a check plans."""

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
from .._ratelimit.budget import WaitBudget
from .._store.encrypted import TokenStore
from .._store.location import open_backend
from .client import ApiClient, AuthorizedClient
from .declaration import Platform
from .limits import RateLimits
from .options import cache_location, check_common
from .session import Capabilities, Session

if t.TYPE_CHECKING:
    from .._data.rows import Decrypt

C = t.TypeVar("C", bound=ApiClient)

#: What a planned item looks like; None if nothing is planned.
Plan = t.Optional[t.Dict[str, t.Any]]
_CREDENTIALS = "credentials"


class Access(t.Generic[C]):
    """What a module's ``run`` works with. No file is opened and no request sent before that is needed."""

    def __init__(
        self,
        platform: Platform[C],
        params: dict[str, t.Any],
        *,
        secrets: Secrets,
        check_mode: bool = False,
        explicit_options: t.Iterable[str] = (),
        ansible_home: str | None = None,
        on_progress: t.Callable[[str], None] = lambda _line: None,
        decrypt: Decrypt | None = None,
        earlier_plan: t.Callable[[str], Plan] = lambda _name: None,
        clock: Clock | None = None,
    ) -> None:
        """``on_progress`` takes lines about long work, ``decrypt`` reads a file that is encrypted with Ansible Vault, and ``earlier_plan`` knows what
        earlier tasks of the same check would create.
        """
        check_common(params)
        self.platform = platform
        self.params = params
        self.check_mode = check_mode
        #: The options that the user set, as opposed to those that have their default.
        self.explicit_options = frozenset(explicit_options)
        self.secrets = secrets
        self.on_progress = on_progress
        self.decrypt = decrypt
        self.clock = clock or Clock()
        self.warnings: list[str] = []
        #: What this task would create, in check mode, by names.
        self.plans: dict[str, Plan] = {}
        self._earlier_plan = earlier_plan
        self._cache = place = cache_location(params, ansible_home)
        key = None if place == "none" else params["token_cache_key"]
        self.store = TokenStore(lambda: open_backend(place, self.clock, params, self.warnings.append), key)
        self._connect(platform.capabilities())

    def _connect(self, capabilities: Capabilities) -> None:
        platform, params = self.platform, self.params
        self.budget = WaitBudget(params["max_wait"], self.clock)
        responses = platform.responses(platform.hints, platform.login_hints, self.secrets, params)
        limits = RateLimits(platform.name, params, params.get(platform.rate_limit_subject) or "")
        http = Http(ConnectionOptions.from_params(params), self.budget, self.clock, self.store, limits.limits_for, responses)
        self.session = Session(
            platform=platform.name,
            options=platform.options,
            params=params,
            secrets=self.secrets,
            clock=self.clock,
            budget=self.budget,
            store=self.store,
            http=http,
            responses=responses,
            limits=limits,
            capabilities=capabilities,
            warn=self.warnings.append,
        )
        self.client: C = platform.connect(self.session)

    def for_thread(self) -> Access[C]:
        """The same for a job in a thread: its waits and its secrets are its own. The store must be open by then."""
        twin = copy.copy(self)
        twin.secrets = self.secrets.copy()
        twin._connect(self.session.capabilities)
        return twin

    def plan(self, what: str, state: Plan) -> None:
        """In check mode, note what a real run would create, for the tasks that follow. Nothing of it may be secret."""
        self.plans[self._plan_name(what)] = state

    def planned(self, what: str) -> Plan:
        """What this task or an earlier one of the same check would create."""
        name = self._plan_name(what)
        return None if not self.check_mode else self.plans[name] if name in self.plans else self._earlier_plan(name)

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
        identity = t.cast(AuthorizedClient, self.client).issuer.identity
        return "\n".join(("token", cache, *identity, grant.kind, grant.principal, grant.scope))

    def _plan_name(self, what: str) -> str:
        return hashlib.sha256("\n".join((self.platform.name, self.client.url, what)).encode("utf-8", "surrogatepass")).hexdigest()

    def lock(self, *item: str) -> t.ContextManager[None]:
        """Keep other processes from writing the same item meanwhile."""
        return self.store.lock("\n".join(("item", self.platform.name, self.client.url, *item)), self.budget)
