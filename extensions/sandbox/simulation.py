# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The platforms and everything that they share, as one object: the server, the control API and tests work on it."""

from __future__ import annotations

import asyncio
import copy
from dataclasses import dataclass
from typing import Any

from .faults import Fault, Faults
from .journal import Journal
from .limits import Limiter
from .messages import PlatformRequest
from .platforms import PLATFORMS
from .platforms.base import Platform
from .routing import Operation
from .state import Clock
from .switches import Switch, Switches, number


def all_switches() -> list[Switch]:
    latency = number("latency_ms", 0, "Delay before every response, in milliseconds.")
    return [latency, *(switch for platform in PLATFORMS for switch in platform.all_switches())]


@dataclass(slots=True)
class LateRequest:
    """A request that is processed late: after `requests` further ones to its platform, and not before an instant."""

    platform: Platform
    request: PlatformRequest
    operation: Operation
    requests: int
    not_before: float


class Sandbox:
    """Platforms, switches, faults, rate limits, journal and clock."""

    def __init__(
        self, switches: dict[str, Any] | None = None, seed: dict[str, Any] | None = None, clock: Clock | None = None
    ) -> None:
        self.clock = clock or Clock()
        self.switches = Switches(all_switches(), switches)
        self.seed = seed or {}
        self.platforms: dict[str, Platform] = {
            platform.name: platform(self.switches, self.clock) for platform in PLATFORMS
        }
        self.faults = Faults(list(self.platforms))
        self.late: list[LateRequest] = []
        self.limiter = Limiter(self.clock)
        self.journal = Journal(list(self.platforms))
        #: Set when the server stops, so that requests that hang end.
        self.stopping = asyncio.Event()
        #: For latency; tests replace it.
        self.pause = asyncio.sleep
        self.load_state(copy.deepcopy(self.seed))

    def load_state(self, state: dict[str, Any]) -> None:
        """Replace the given parts of the given platforms' state."""
        for name in state:
            self.find_platform(name)
        for name, part in state.items():
            self.platforms[name].load(part)

    def find_platform(self, name: Any) -> Platform:
        if name not in self.platforms:
            raise ValueError(f"unknown platform {name!r}; platforms: {', '.join(self.platforms)}")
        return self.platforms[name]

    def reset(self) -> None:
        """Restore everything as it was at the start."""
        self.clock.reset()
        self.switches.reset()
        self.faults.clear()
        self.late.clear()
        self.limiter.reset()
        self.clear_journal()
        for platform in self.platforms.values():
            platform.reset()
        self.load_state(copy.deepcopy(self.seed))

    def clear_journal(self) -> None:
        self.journal.clear()
        for platform in self.platforms.values():
            platform.tokens.issued = 0

    def summarize_journal(self) -> dict[str, Any]:
        for name, counts in self.journal.counts.items():
            counts.tokens_issued = self.platforms[name].tokens.issued
        return self.journal.summarize()

    # Requests that are processed late

    def postpone(self, platform: Platform, request: PlatformRequest, operation: Operation, fault: Fault) -> None:
        """Process a request later, as the fault says."""
        requests, delay = int(fault.parameters.get("requests", 0)), float(fault.parameters.get("delay", 0))
        self.late.append(LateRequest(platform, request, operation, requests, self.clock.now() + delay))

    def count_down(self, platform: Platform) -> None:
        """Take note of a further request to a platform."""
        for late in self.late:
            late.requests -= late.platform is platform

    def catch_up(self, platform: Platform | None = None) -> None:
        """Process the late requests that are due by now."""
        for late in [
            late
            for late in self.late
            if platform in (None, late.platform) and late.requests <= 0 and self.clock.now() >= late.not_before
        ]:
            self.late.remove(late)
            late.platform.process(late.request, late.operation)
