# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task's access to one platform: the API client with its HTTP connection, tokens and secrets, and the plans of check
mode.
"""

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
from .._statistics import Statistics
from .._store.encrypted import TokenStore
from .._store.location import open_backend
from .authorized_client import AuthorizedClient
from .changes import Change, State, make_change
from .client import ApiClient
from .declaration import Platform
from .limits import RateLimits
from .options import check_common, locate_cache
from .session import Capabilities, Session

if t.TYPE_CHECKING:
    from .._data.rejects import Encryptor
    from .._data.rows import Decrypt

C = t.TypeVar("C", bound=ApiClient)

#: The planned state of an item; None if nothing is planned.
Plan = t.Optional[t.Dict[str, t.Any]]
_CREDENTIALS = "credentials"


class Access(t.Generic[C]):
    """The environment of a module's ``run`` function. Files are opened and requests sent only on first use."""

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
        encryptor: Encryptor | None = None,
        earlier_plan: t.Callable[[str], Plan] = lambda _name: None,
        clock: Clock | None = None,
        statistics: Statistics | None = None,
    ) -> None:
        """``on_progress`` is called with progress messages, ``decrypt`` reads a file that is encrypted with Ansible
        Vault, ``encryptor`` encrypts with the password of such a file, and ``earlier_plan`` returns the plans of
        earlier tasks in the same check-mode run.
        """
        check_common(params)
        self.platform = platform
        self.params = params
        self.check_mode = check_mode
        #: The options that the user set, as opposed to defaults.
        self.explicit_options = frozenset(explicit_options)
        self.secrets = secrets
        self.on_progress = on_progress
        self.decrypt = decrypt
        self.encryptor = encryptor
        self.clock = clock or Clock()
        #: What this task sends to the platforms.
        self.statistics = statistics or Statistics()
        self.warnings: list[str] = []
        #: In check mode, the states of the items that this task would create.
        self.plans: dict[str, Plan] = {}
        #: What this task has changed or, in check mode, would change.
        self.changes: list[Change] = []
        self._earlier_plan = earlier_plan
        self._cache = location = locate_cache(params, ansible_home)
        key = None if location == "none" else params["token_cache_key"]
        self.store = TokenStore(lambda: open_backend(location, self.clock, params, self.warnings.append), key)
        self._connect(platform.capabilities())

    def _connect(self, capabilities: Capabilities) -> None:
        platform, params = self.platform, self.params
        self.budget = WaitBudget(params["max_wait"], self.clock, self.statistics.counts(platform.name))
        responses = platform.responses(platform.hints, platform.login_hints, self.secrets, params, platform.quota_codes)
        limits = RateLimits(platform.name, params, params.get(platform.rate_limit_subject) or "")
        http = Http(
            ConnectionOptions.from_params(params), self.budget, self.clock, self.store, limits.limits_for, responses
        )
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

    def for_thread(self, **options: t.Any) -> Access[C]:
        """A copy for use in a thread, with its own connection, wait budget and secrets, and with these options in place
        of the task's. The store must be open already.
        """
        clone = copy.copy(self)
        clone.params = {**self.params, **options}
        clone.secrets = self.secrets.copy()
        clone._connect(self.session.capabilities)
        return clone

    def record_change(
        self, kind: str, name: str, before: State, after: State, *, action: str | None = None, local: bool = False
    ) -> None:
        """Record what this task has changed or, in check mode, would change (see :func:`.changes.make_change`)."""
        self.changes.append(make_change(self.platform.name, kind, name, before, after, action=action, local=local))

    def plan(self, item: str, state: Plan) -> None:
        """In check mode, record an item that a real run would create, for later tasks. The state must not contain
        secrets.
        """
        self.plans[self._plan_name(item)] = state

    def find_plan(self, item: str) -> Plan:
        """In check mode, the state that this task or an earlier one planned for an item."""
        name = self._plan_name(item)
        return None if not self.check_mode else self.plans[name] if name in self.plans else self._earlier_plan(name)

    def plan_credentials(self) -> None:
        """In check mode, record that a real run would obtain credentials that later tasks may use."""
        self.plan(_CREDENTIALS, {"planned": True})

    def plan_token(self, grant: Grant) -> None:
        """In check mode, record that a real run would have obtained a token and cached it for later tasks."""
        if self._cache != "none":
            self.plan(self.token_item(grant), {"planned": True})

    def expects_token(self, grant: Grant) -> bool:
        """Whether a real run would find a token in the cache that check mode did not obtain."""
        plan = self._find_token_plan(grant)
        return plan is not None and plan["planned"]

    def lacks_token(self, grant: Grant) -> bool:
        """Whether a real run would have removed a token that is still in the cache in check mode."""
        plan = self._find_token_plan(grant)
        return plan is not None and not plan["planned"]

    def _find_token_plan(self, grant: Grant) -> Plan:
        return self.find_plan(self.token_item(grant)) if self.check_mode else None

    def forget_token(self, grant: Grant, *, cached: bool) -> bool:
        """In check mode, record that a real run would have removed a token. Returns whether it would have found
        one, given whether one is ``cached`` (see :meth:`expects_token`).
        """
        found = self.expects_token(grant) or (cached and not self.lacks_token(grant))
        self.plan(self.token_item(grant), {"planned": False})
        return found

    @property
    def expects_credentials(self) -> bool:
        """Whether missing credentials may be those that only a real run would obtain."""
        return self.find_plan(_CREDENTIALS) is not None

    def token_item(self, grant: Grant) -> str:
        """The name of a grant's token in plans."""
        # A directory belongs to one host.
        cache = self._cache if "://" in self._cache else f"{platform.node()} {self._cache}"
        identity = t.cast(AuthorizedClient, self.client).issuer.identity
        # The scope may contain parameters that are secret, and the names of plans could be guessed.
        scope = self.store.name_of([grant.scope]) if grant.scope else ""
        return "\n".join(("token", cache, *identity, grant.kind, grant.principal, scope))

    def _plan_name(self, item: str) -> str:
        return hashlib.sha256(
            "\n".join((self.platform.name, self.client.url, item)).encode("utf-8", "surrogatepass")
        ).hexdigest()

    def lock(self, *item: str) -> t.ContextManager[None]:
        """Prevent other processes from writing the same item."""
        return self.store.lock("\n".join(("item", self.platform.name, self.client.url, *item)), self.budget)
