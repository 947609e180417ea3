# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of requests to the platforms."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, fields
from typing import Any

MAX_ENTRIES = 100_000


@dataclass(slots=True)
class Entry:
    """A request. `status` is None if no response was sent; `rejected`: it exceeded a rate limit; `at` is the machine's
    monotonic clock; `agent` is the client's User-Agent.
    """

    platform: str
    method: str
    path: str
    status: int | None
    operations: list[str]
    auth: bool
    login: bool
    rejected: bool
    at: float
    fault: str | None
    agent: str


ENTRY_FIELDS = [item.name for item in fields(Entry)]


@dataclass(slots=True)
class Counts:
    """The counts of one platform."""

    requests: int = 0
    logins: int = 0
    rejected_429: int = 0
    faults: int = 0
    tokens_issued: int = 0
    by_operation: Counter[str] = field(default_factory=Counter)

    def dump(self) -> dict[str, Any]:
        return {item.name: getattr(self, item.name) for item in fields(self)} | {
            "by_operation": dict(self.by_operation)
        }


class Journal:
    """The newest requests, and counts of all requests."""

    def __init__(self, platforms: list[str]) -> None:
        self._platforms = platforms
        self.entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self.counts: dict[str, Counts] = {}
        self.clear()

    def add(self, entry: Entry, label: str) -> None:
        """Record a request. `label` names it in the counts if it has no GraphQL operations."""
        self.entries.append(entry)
        counts = self.counts[entry.platform]
        counts.requests += 1
        counts.by_operation.update(entry.operations or [label])
        if entry.rejected:
            counts.rejected_429 += 1
        elif entry.login:
            counts.logins += 1
        if entry.fault:
            counts.faults += 1

    def clear(self) -> None:
        self.entries.clear()
        self.counts = {name: Counts() for name in self._platforms}

    def dump(self, platform: str | None = None) -> list[dict[str, Any]]:
        """Return the requests to all platforms, or to one, in the order of their arrival."""
        chosen = [entry for entry in self.entries if platform in (None, entry.platform)]
        return [
            {name: getattr(entry, name) for name in ENTRY_FIELDS}
            for entry in sorted(chosen, key=lambda entry: entry.at)
        ]

    def summarize(self) -> dict[str, Any]:
        """Return the counts of each platform."""
        return {name: counts.dump() for name, counts in self.counts.items()}
