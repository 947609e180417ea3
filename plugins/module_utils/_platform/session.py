# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects that all parts of a task's client share."""

from __future__ import annotations

import dataclasses
import typing as t

from .._clock import Clock
from .._errors import MissingOption
from .._http.client import Http
from .._masking.secrets import Secrets
from .._ratelimit.budget import WaitBudget
from .._store.encrypted import TokenStore
from .limits import RateLimits
from .options import Options
from .responses import ResponseReader


class Capabilities:
    """What a task detects about an installation. Platforms whose installations differ define a dataclass."""


@dataclasses.dataclass(frozen=True)
class Session:
    """A task's options and the objects that its requests need. It is complete when constructed, and immutable."""

    #: The platform's name in options, cache and results.
    platform: str
    #: The argument spec of its connection options, and their values.
    options: Options
    params: t.Mapping[str, t.Any]
    secrets: Secrets
    clock: Clock
    budget: WaitBudget
    store: TokenStore
    http: Http
    responses: ResponseReader
    limits: RateLimits
    capabilities: Capabilities
    #: Called with warnings for the user.
    warn: t.Callable[[str], None]

    def require(self, *names: str) -> t.Any:
        """The values of required options; for a single name, its value.

        :raises MissingOption: naming the missing options and their environment variables.
        """
        missing = [name for name in names if self.params.get(name) in (None, "")]
        if missing:
            variables = [
                self.options[name]["fallback"][1][0] for name in missing if "fallback" in self.options.get(name, {})
            ]
            raise MissingOption(
                f"{' and '.join(missing)} must be given"
                + (f" (or the environment variable {' and '.join(variables)})" if variables else "")
            )
        values = [self.params[name] for name in names]
        return values[0] if len(values) == 1 else values
