# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what tasks and lookups send to the platforms, for the callback plugin ``access_statistics``.

Each task counts in memory. If the callback is enabled, it sets a file in the controller process; forked workers inherit
the setting, and each task appends its counts to the file as a line of JSON. Results are not used for this: lookups have
none, and callbacks do not see those that are censored.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import typing as t

#: Numbers by their names, by the platform's name.
Totals = t.Dict[str, t.Dict[str, float]]

_file: str | None = None


@dataclasses.dataclass
class Counts:
    """What one thread of a task sends to one platform. Tokens are counted by the names of their cache entries."""

    #: Requests, unless they certainly did not arrive.
    requests: int = 0
    #: Requests for a token that no rate limit rejected.
    logins: int = 0
    #: Tokens from the cache.
    cached_tokens: set[str] = dataclasses.field(default_factory=set)
    #: Requests that were sent again.
    repeats: int = 0
    #: Requests that a rate limit rejected.
    responses_429: int = 0
    #: The time spent waiting for rate limits and Retry-After.
    seconds_waited: float = 0.0
    #: The tokens that the task has obtained, in any of its threads. It may read them from the cache afterwards.
    obtained: set[str] = dataclasses.field(default_factory=set)

    def add_request(self, *, requests_token: bool, repeated: bool, limited: bool = False) -> None:
        """Count a request; ``limited``: a rate limit rejected it."""
        self.requests += 1
        self.logins += requests_token and not limited
        self.repeats += repeated
        self.responses_429 += limited

    def add_cached(self, name: str) -> None:
        """Count a token from the cache, unless the task has obtained it itself."""
        if name not in self.obtained:
            self.cached_tokens.add(name)


#: The names of the numbers, in the order in which they are displayed.
NAMES = tuple(field.name for field in dataclasses.fields(Counts) if field.name != "obtained")


class Statistics:
    """The counts of one task."""

    def __init__(self) -> None:
        self._counts: list[tuple[str, Counts]] = []
        self._obtained: set[str] = set()

    def counts(self, platform: str) -> Counts:
        """New counts, which must be changed by one thread only."""
        counts = Counts(obtained=self._obtained)
        self._counts.append((platform, counts))
        return counts

    def totals(self) -> Totals:
        """The sums for each platform that was used."""
        tokens: dict[str, set[str]] = {}
        totals: Totals = {}
        for platform, counts in self._counts:
            tokens.setdefault(platform, set()).update(counts.cached_tokens)
            add_totals(totals, {platform: {**vars(counts), "cached_tokens": 0}})
        for platform, names in tokens.items():
            totals[platform]["cached_tokens"] = len(names)
        return {platform: numbers for platform, numbers in totals.items() if any(numbers.values())}

    def save(self) -> list[str]:
        """Append the counts to the controller's file, if there is one. Returns warnings."""
        return [] if _file is None else append_totals(self.totals())


def collect_in(path: str | None) -> None:
    """Let this process, and those that it forks from now on, append their counts to an existing file."""
    global _file
    _file = path


def collecting_file() -> str | None:
    """The file to which this process appends its counts; None if the callback is not enabled."""
    return _file


def append_totals(totals: Totals) -> list[str]:
    """Append the counts of a task to the controller's file, if there is one. Returns warnings.

    The line is written at once, so that lines of several processes do not mix. A background task may outlive the
    playbook, and the file with it.
    """
    try:
        with contextlib.suppress(FileNotFoundError):
            if _file is not None and totals:
                descriptor = os.open(_file, os.O_WRONLY | os.O_APPEND)
                with os.fdopen(descriptor, "wb", buffering=0) as file:
                    file.write(json.dumps(totals).encode() + b"\n")
    except OSError as error:
        return [f"the access statistics are incomplete: {_file} cannot be written: {error.strerror}"]
    return []


def read_totals(path: str) -> Totals:
    """The sums of all lines of a file. Lines that are not counts, which another host may have returned, are ignored."""
    totals: Totals = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            with contextlib.suppress(ValueError, AttributeError, KeyError, TypeError):
                add_totals(totals, json.loads(line))
    return totals


def add_totals(totals: Totals, more: Totals) -> None:
    """Add numbers to ``totals``, which may lack the platforms."""
    for platform, numbers in more.items():
        sums = totals.get(platform) or dict.fromkeys(NAMES, 0)
        totals[platform] = {name: sums[name] + numbers[name] for name in NAMES}
