# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reads and writes of a run that are waiting to be sent, in batches of one forwarded address each."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from .bulk_jobs import Batch
from .entitlements import Entitlement
from .reading import batches_by_address


@dataclasses.dataclass
class _Lane:
    """What is waiting for one address."""

    #: The number of its batches that have not been read completely.
    unread: int = 0
    unwritten: collections.deque[Entitlement] = dataclasses.field(default_factory=collections.deque)


class BulkQueue:
    """Forms batches of users to read and of items to write. Writes become ready as soon as they fill a request, or when
    all users of their address have been read.
    """

    def __init__(self, read_size: int, write_size: int) -> None:
        self._read_size = read_size
        self._write_size = write_size
        self._lanes: dict[str | None, _Lane] = collections.defaultdict(_Lane)
        self._reads: collections.deque[list[Batch]] = collections.deque()
        self._writes: collections.deque[Batch] = collections.deque()
        self._running_reads = 0

    def __len__(self) -> int:
        """The number of requests, at least, that are waiting."""
        return len(self._reads) + len(self._writes)

    @property
    def is_reading(self) -> bool:
        """Whether reads have been taken and not finished, so that more writes may follow."""
        return self._running_reads > 0

    def add_reads(self, items: t.Iterable[Entitlement]) -> None:
        """Add items that are to be compared, grouped by their users."""
        users: dict[object, Batch] = {}
        for item in items:
            users.setdefault((item.forwarded_for, item.user), []).append(item)
        for address, batch in batches_by_address(users.values(), lambda items: items[0].forwarded_for, self._read_size):
            self._lanes[address].unread += 1
            self._reads.append(batch)

    def add_writes(self, items: t.Iterable[Entitlement]) -> None:
        """Add items that are to be written without being read."""
        self._writes.extend(
            batch for _address, batch in batches_by_address(items, lambda item: item.forwarded_for, self._write_size)
        )

    def take_read(self) -> list[Batch] | None:
        """The next users to read, each with their items; None if there are none."""
        if not self._reads:
            return None
        self._running_reads += 1
        return self._reads.popleft()

    def take_write(self) -> Batch | None:
        """The next items to write; None if no batch is ready."""
        return self._writes.popleft() if self._writes else None

    def finish_read(self, address: str | None, differing: t.Iterable[Entitlement]) -> None:
        """A batch of users of an address has been read: add the items that differ to the writes."""
        lane = self._lanes[address]
        self._running_reads -= 1
        lane.unread -= 1
        lane.unwritten.extend(differing)
        while lane.unwritten and (len(lane.unwritten) >= self._write_size or not lane.unread):
            size = min(self._write_size, len(lane.unwritten))
            self._writes.append([lane.unwritten.popleft() for _item in range(size)])
