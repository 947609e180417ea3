# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many entitlements with few requests: users are logged in together, read several at a time, and written together where they differ."""

from __future__ import annotations

import collections
import functools
import typing as t

from ..._data.ledger import Ledger
from ..._data.parallel import Job, run_parallel
from ..._data.progress import Progress
from ..._data.rows import Item, read_items
from ..._errors import AccessError, in_one_line
from ..._platform.access import Access
from .bulk_jobs import Batch, Finished, Jobs
from .client import AudiencePlayer
from .entitlements import ITEM_OPTIONS, Checker, Entitlement, Holding
from .users import User

_MAX_PROBLEMS = 100
_MAX_SHOWN = 1000  # changes in a diff


class Entitlements:
    """Brings the entitlements about that a module's options name: one, a list, a file, or the last two."""

    def __init__(self, access: Access[AudiencePlayer]) -> None:
        self._access = access
        self._reads = access.params["read_before_write"]
        for option in ("batch_size", "concurrency"):
            if access.params[option] < 1:
                raise AccessError(f"{option} must be 1 or more, not {access.params[option]}")
        self.items: Batch = []
        #: What is named more than once, and where it was named first.
        self._repeated: list[tuple[Entitlement, str]] = []
        self._check()
        self._run = Jobs(access, alone=len(self.items) == 1)

    # --- before anything is sent ---------------------------------------------------------------------------------------

    def _sources(self) -> t.Iterator[tuple[Item, bool]]:
        """Every item, and whether it is from a file."""
        listed, path = self._access.params["entitlements"], self._access.params["entitlements_file"]
        if listed is None and path is None:
            yield Item("", (), self._access.params), False
        for index, options in enumerate(listed or ()):
            yield Item(f"entitlements[{index}]: ", (), options), False
        for item in read_items(path, ITEM_OPTIONS, self._access.decrypt) if path is not None else ():
            yield item, True

    def _check(self) -> None:
        """Read all items, or fail once and name every one that cannot be right."""
        problems: list[str] = []
        checker = Checker(self._access.clock.now())
        for source, is_from_file in self._sources():
            try:
                item, first = checker.parse(source)
            except AccessError as error:
                problems.append(error.message)
                continue
            item.is_from_file = is_from_file
            if first is not None:
                self._repeated.append((item, first))
            self.items.append(item)
        if problems:
            raise AccessError(in_one_line(problems, 10 if self._access.params["entitlements_file"] is None else _MAX_PROBLEMS))
        self._warn()

    def _warn(self) -> None:
        path = self._access.params["entitlements_file"]
        if path is not None and not any(item.is_from_file for item in self.items):
            self._access.session.warn(f"there are no items in {path}")
        rows = [f"{item.place[:-2]} repeats {first[:-2]}" for item, first in self._repeated if item.is_from_file]
        if rows:
            self._access.session.warn(f"entitlements that are named more than once: {in_one_line(rows)}")

    # --- doing it ------------------------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Do it, or in check mode find out what would be done."""
        repeated = {id(item) for item, _first in self._repeated}
        once = [item for item in self.items if id(item) not in repeated]
        self._repeats = collections.Counter(item.key for item, _first in self._repeated)
        work = once
        self._ledger = self._open_ledger()
        if self._ledger:
            work = self._unknown(work, self._ledger.recent_states(self._access.clock.now()))
        total = len(self.items)
        self._done = total - self._count(work)
        self._progress = Progress(self._access.platform.title, total, self._access.clock, self._access.on_progress, known=self._done)
        self._changed = self._failed = 0
        self._pending: collections.deque[Entitlement] = collections.deque()
        try:
            self._carry_out(work)
        except AccessError as error:
            raise error.after_change(bool(self._changed) and not self._access.check_mode) from None
        finally:
            if self._ledger:
                self._ledger.close()
        failures = {item.key: item.failure for item in once if item.failure}
        for item, _first in self._repeated:
            item.failure = failures.get(item.key)

    def _count(self, items: t.Iterable[Entitlement]) -> int:
        """How many of the items that were given these are, with those that repeat them."""
        return sum(1 + (self._repeats[item.key] if self._repeats else 0) for item in items)

    def _unknown(self, work: Batch, known: t.Mapping[str, str]) -> Batch:
        """What the ledger does not know to be right. Of a user who is read, everything is compared: what the platform says counts."""
        unknown = [item for item in work if Holding.parse(known.get(item.key)) != item.desired]
        users = {item.user for item in unknown}
        return [item for item in work if item.user in users] if self._reads else unknown

    def _open_ledger(self) -> Ledger | None:
        params, access = self._access.params, self._access
        if params["ledger"] is None:
            return None
        place = f"{access.platform.name} {access.client.url} {params['project_id']}"
        return Ledger(params["ledger"], place, params["ledger_max_age"], read_only=access.check_mode)

    def _carry_out(self, work: Batch) -> None:
        graphql, wanted = self._access.client.graphql, self._access.params["batch_size"]
        users: dict[User, Batch] = {}
        for item in work if self._reads else ():
            users.setdefault(item.user, []).append(item)
        size = graphql.max_fields(wanted, authenticates=True)
        everybody = list(users.values())
        self._unread = collections.deque(everybody[start : start + size] for start in range(0, len(everybody), size))
        self._reading = 0
        if not self._reads:
            for item in work:
                item.changed = True
                self._run.plan_user(item)
            self._pending.extend(work)
        size = graphql.max_fields(wanted)
        self._access.store.open()  # before threads share it
        width = min(self._access.params["concurrency"], len(self._unread) or -(-len(work) // size) or 1)
        for finished in run_parallel(self._jobs(size), width):
            self._note(finished)

    def _jobs(self, size: int) -> t.Iterator[Job[Finished] | None]:
        """What is to be done next: writes that fill a request, then reads, then the rest of the writes."""
        while True:
            writes = 0 if self._access.check_mode else len(self._pending)
            if writes >= size or (writes and not self._unread and not self._reading):
                batch = [self._pending.popleft() for _item in range(min(size, writes))]
                if self._ledger:  # should the process die now, nobody would know what has become of them
                    self._ledger.forget([item.key for item in batch])
                yield functools.partial(self._run.write, batch)
            elif self._unread:
                self._reading += 1
                yield functools.partial(self._run.compare, self._unread.popleft())
            elif self._reading:
                yield None
            else:
                return

    def _note(self, finished: Finished) -> None:
        """Count what has been done, queue what is still to be written, and keep what is known."""
        done = finished.items
        if finished.compared:
            self._reading -= 1
            self._pending.extend(item for item in done if item.changed)
            done = [item for item in done if not item.changed or self._access.check_mode]
        self._done += self._count(done)
        self._changed += sum(item.changed for item in done)
        self._failed += self._count(item for item in done if item.failure)
        if self._ledger and not self._access.check_mode:
            self._ledger.record({item.key: str(item.desired) for item in done if not item.failure}, self._access.clock.now())
        self._progress.update(self._done, self._changed, self._failed)

    # --- afterwards ----------------------------------------------------------------------------------------------------

    def as_result(self) -> dict[str, t.Any]:
        """The module's result: every item in the input's order (of a file, those that failed), and a failure if any failed."""
        failed = [item.failure for item in self.items if item.failure]
        changed = [item for item in self.items if item.changed]
        result: dict[str, t.Any] = {}
        if failed:
            result = failed[0].as_result()
            if len(self.items) > 1:
                result["msg"] = f"{len(failed)} of {len(self.items)} entitlements failed, the first with: {failed[0].message}"
        shown = changed[:_MAX_SHOWN]
        more = {f"and {len(changed) - len(shown)} more": "not shown"} if len(changed) > len(shown) else {}
        result.update(
            changed=bool(changed),
            entitlements=[item.as_result() for item in self.items if item.failure or not item.is_from_file],
            summary={
                "total": len(self.items),
                "changed": len(changed),
                "unchanged": len(self.items) - len(changed) - len(failed),
                "failed": len(failed),
            },
            diff={
                "before": {item.label: str(item.before or "unknown") for item in shown},
                "after": {**{item.label: str(item.desired) for item in shown}, **more},
            },
        )
        return result
