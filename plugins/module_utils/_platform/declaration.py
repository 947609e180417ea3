# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a platform is: the declaration that each file of ``_providers/`` makes."""

from __future__ import annotations

import dataclasses
import typing as t

from .._data.rows import Item
from .client import ApiClient, AuthorizedClient
from .issuer import TokenIssuer
from .options import Options, access_token_option, common_options
from .responses import Hints, ResponseReader
from .session import Capabilities, Session

C = t.TypeVar("C", bound=ApiClient, covariant=True)


class ManifestList(t.NamedTuple):
    """A list in a platform's section of a manifest.

    Its items take ``options`` of ``module``, of which some are ``required``. ``named`` items have a ``name`` under which their credentials are delivered,
    and may have connection options of their own. More items may come ``from_file``; ``settings`` are options that apply to the whole list. Items that are
    not ``removable`` stay when everything in a manifest is revoked. Of each tuple in ``one_of`` an item has exactly one option. ``check`` takes all items
    and the time, and yields what else is wrong with them, each with the item's place before it.
    """

    module: str
    options: tuple[str, ...]
    required: tuple[str, ...] = ()
    named: bool = False
    from_file: bool = False
    settings: tuple[str, ...] = ()
    removable: bool = True
    one_of: tuple[tuple[str, ...], ...] = ()
    check: t.Callable[[t.Iterable[Item], float], t.Iterable[str]] | None = None


@dataclasses.dataclass(frozen=True)
class Platform(t.Generic[C]):
    """One platform: its names, options, limits and hints, and the classes that know its API."""

    #: The name in options, cache and action groups; and the platform's own name, for messages.
    name: str
    title: str
    #: The client that modules work with; who issues its tokens, if it takes any; and who reads its answers.
    client: type[C]
    issuer: type[TokenIssuer] | None = None
    responses: type[ResponseReader] = ResponseReader
    #: The argument spec of its connection options.
    options: Options = dataclasses.field(default_factory=dict)
    #: The role that provisions its section of a manifest, and the lists that the section may hold.
    role: str = ""
    manifest: t.Mapping[str, ManifestList] = dataclasses.field(default_factory=dict)
    #: Default ``rate_limit`` and ``auth_rate_limit``.
    rate_limit: str = "none"
    auth_rate_limit: str = "none"
    #: The option whose values the platform counts separately, beside the origin.
    rate_limit_subject: str = ""
    #: What a user can do about an HTTP status, or about an error of that code; and if it concerns a login.
    hints: Hints = dataclasses.field(default_factory=dict)
    login_hints: Hints = dataclasses.field(default_factory=dict)
    #: What a task finds out about the platform; its threads share it.
    capabilities: type[Capabilities] = Capabilities

    @property
    def revokes(self) -> bool:
        """Whether it can revoke a token."""
        return bool(self.issuer and self.issuer.revokes)

    def connect(self, session: Session) -> C:
        """The client for one item."""
        if self.issuer is None:
            return self.client(session)
        return t.cast("type[AuthorizedClient]", self.client)(session, self.issuer(session))  # type: ignore[return-value]

    def argument_spec(self) -> dict[str, dict[str, t.Any]]:
        """Every option that all of the platform's modules take."""
        token = access_token_option() if self.issuer else {}
        return {**common_options(self.rate_limit, self.auth_rate_limit), **token, **self.options}
