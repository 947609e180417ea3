# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declaration of a platform, one for each file of ``_providers/``."""

from __future__ import annotations

import dataclasses
import typing as t

from .._data.rows import Item
from .authorized_client import AuthorizedClient
from .client import ApiClient
from .export import Exported
from .issuer import TokenIssuer
from .options import Options, access_token_option, common_options
from .responses import Hints, ResponseReader
from .session import Capabilities, Session

#: The keys of a section that can be pruned.
PRUNE_OPTIONS: dict[str, dict[str, t.Any]] = {
    "prune": {"type": "bool", "default": False},
    "prune_limit": {"type": "int", "default": 10},
}

C_co = t.TypeVar("C_co", bound=ApiClient, covariant=True)


class ManifestList(t.NamedTuple):
    """A list in a platform's section of a manifest.

    Items accept the ``options`` of ``module``; those in ``required`` are mandatory, and so is exactly one option of
    each tuple in ``one_of``. Items of a ``named`` list have a ``name``, under which their credentials are delivered,
    and may set connection options. ``from_file``: items may also come from a file. ``settings`` are options that apply
    to the whole list. Items that are not ``removable`` are kept when a manifest is revoked. ``check`` takes all items
    and the current time, and yields further problems, each prefixed with its place. ``export`` takes the access to the
    platform and the addresses of the users to export, and yields what exists; None if the platform does not list it.

    ``prunes`` describes what the section's ``prune`` removes; it is empty if the list cannot be pruned. A list is
    pruned if it, or one of ``pruned_with``, is in the manifest. ``keys`` are the options that select items of the list
    by name: by default the name, or else the first required option.
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
    export: t.Callable[[t.Any, t.Sequence[str]], t.Iterable[Exported]] | None = None
    prunes: str = ""
    pruned_with: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def selectors(self) -> tuple[str, ...]:
        return self.keys or (("name",) if self.named else self.required[:1])


@dataclasses.dataclass(frozen=True)
class Platform(t.Generic[C_co]):
    """One platform: its names, options, rate limits and hints, and the classes that implement its API."""

    #: The name in options, cache and action groups, and the title in messages.
    name: str
    title: str
    #: The API client that modules use, the issuer of its tokens (if it uses any), and the reader of its responses.
    client: type[C_co]
    issuer: type[TokenIssuer] | None = None
    responses: type[ResponseReader] = ResponseReader
    #: The argument spec of the connection options.
    options: Options = dataclasses.field(default_factory=dict)
    #: The options that reading the platform requires, apart from ``access_token``.
    credentials: tuple[str, ...] = ()
    #: The role that applies the platform's section of a manifest, and the lists that the section may contain.
    role: str = ""
    manifest: t.Mapping[str, ManifestList] = dataclasses.field(default_factory=dict)
    #: Default ``rate_limit`` and ``auth_rate_limit``.
    rate_limit: str = "none"
    auth_rate_limit: str = "none"
    #: An option whose values the platform counts separately, in addition to the origin.
    rate_limit_subject: str = ""
    #: Remedies by HTTP status or error code, and those that apply to logins.
    hints: Hints = dataclasses.field(default_factory=dict)
    login_hints: Hints = dataclasses.field(default_factory=dict)
    #: Error codes that report an exhausted quota. They are final, whatever the HTTP status.
    quota_codes: tuple[str, ...] = ()
    #: Holds what a task detects about the installation; shared by its threads.
    capabilities: type[Capabilities] = Capabilities

    def connect(self, session: Session) -> C_co:
        """Create the client for one task."""
        if self.issuer is None:
            return self.client(session)
        return t.cast(t.Type[AuthorizedClient], self.client)(session, self.issuer(session))  # type: ignore[return-value]

    def argument_spec(self) -> dict[str, dict[str, t.Any]]:
        """The options that all of the platform's modules accept."""
        token = access_token_option() if self.issuer else {}
        return {**common_options(self.rate_limit, self.auth_rate_limit), **token, **self.options}

    def section_options(self) -> dict[str, dict[str, t.Any]]:
        """The options of the platform's section of a manifest, without its lists."""
        prune = PRUNE_OPTIONS if any(wanted.prunes for wanted in self.manifest.values()) else {}
        return {**self.argument_spec(), **prune}
