# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies many entitlements with few requests. Logins and writes are combined into batches, and only differing
entitlements are written.
"""

from __future__ import annotations

import collections
import functools
import typing as t

from ..._data.ledger import Ledger
from ..._data.parallel import Job, run_parallel
from ..._data.progress import Progress
from ..._data.rejects import Rejects
from ..._data.rows import Item, Place, short_path
from ..._errors import AccessError, in_one_line
from ..._platform.access import Access
from .bulk_jobs import Batch, Finished, Jobs
from .bulk_queue import BulkQueue
from .client import AudiencePlayer
from .entitlements import Entitlement, Holding, check_batching, given_items, parse_entitlements
from .reading import choose_reader, users_per_request

_MAX_DIFF = 1000  # changes in a diff
_MAX_REPEATED = 100  # characters of a reason that a message gives for each item


class Entitlements:
    """Applies the entitlements in a module's options: a single one, or a list, a file or both."""

    def __init__(self, access: Access[AudiencePlayer]) -> None:
        self._access = access
        self._reads_first = access.params["read_before_write"]
        check_batching(access.params)
        self.items: Batch = []
        #: Duplicate items, each with the place of its first occurrence.
        self._duplicates: list[tuple[Entitlement, Place]] = []
        self._rejects = self._open_rejects()
        #: Where the failed rows are, and why they could not be written.
        self._rejects_note = ""
        self._rejects_failure: AccessError | None = None
        self._parse_items()
        self._jobs = Jobs(access, single=len(self.items) == 1)

    def _open_rejects(self) -> Rejects | None:
        """The file for rejected rows, which must be writable before anything is sent."""
        params = self._access.params
        if params["rejects_file"] is None:
            return None
        rejects = Rejects(params["rejects_file"], params["entitlements_file"], self._access.encryptor)
        rejects.check(params["ledger"])
        return rejects

    # --- validation ---------------------------------------------------------------------------------------------------

    def _sources(self) -> t.Iterator[tuple[Item, bool]]:
        """Yield every item, and whether it comes from a file."""
        if self._access.params["entitlements"] is None and self._access.params["entitlements_file"] is None:
            yield Item(Place(), (), self._access.params), False
        yield from given_items(self._access, *([self._rejects.keep] if self._rejects else []))

    def _parse_items(self) -> None:
        """Parse all items. If any are invalid, fail with an error that lists them."""
        for item, first in parse_entitlements(self._access, self._sources()):
            if first is not None:
                self._duplicates.append((item, first))
            self.items.append(item)
        self._warn()

    def _warn(self) -> None:
        path = self._access.params["entitlements_file"]
        if path is not None and not any(item.is_from_file for item in self.items):
            self._access.session.warn(f"{path} contains no items")
        rows = [f"{item.place} repeats {first}" for item, first in self._duplicates if item.is_from_file]
        if rows:
            self._access.session.warn(f"duplicate entitlements: {in_one_line(rows)}")

    # --- execution ----------------------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Apply the entitlements; in check mode, determine what would change."""
        duplicates = {id(item) for item, _first in self._duplicates}
        unique = [item for item in self.items if id(item) not in duplicates]
        self._duplicate_counts = collections.Counter(item.key for item, _first in self._duplicates)
        pending = unique
        self._ledger = self._open_ledger()
        if self._ledger:
            pending = self._select_unconfirmed(pending, self._ledger.recent_states(self._access.clock.now()))
        total = len(self.items)
        self._done = total - self._count(pending)
        self._progress = Progress(
            self._access.platform.title, total, self._access.clock, self._access.on_progress, known=self._done
        )
        self._failed = 0
        #: The items that were written or, in check mode, would be.
        self._applied: Batch = []
        try:
            self._process(pending)
        except AccessError as error:
            error = self._reject_unfinished(pending, error)
            raise error.after_change(bool(self._applied) and not self._access.check_mode) from None
        finally:
            if self._ledger:
                self._ledger.close()
            self._record_changes()
        self._write_rejects()

    def _reject_unfinished(self, items: Batch, error: AccessError) -> AccessError:
        """Reject the rows that were not applied when the run was aborted. Returns the error, naming their file."""
        if self._rejects is None or self._access.check_mode:
            return error
        applied = set(map(id, self._applied))
        for item in items:
            is_equal = self._reads_first and item.before == item.desired
            if id(item) not in applied and not is_equal and not item.failure:
                item.fail(error)
        self._write_rejects()
        more = self._rejects_failure.message if self._rejects_failure else self._rejects_note
        return error.with_message(". ".join(filter(None, [error.message, more])))

    def _write_rejects(self) -> None:
        """Write the rows that failed; if none has, remove the file of an earlier run."""
        failures_by_key = {item.key: item.failure for item in self.items if item.failure}
        for item, _first in self._duplicates:
            item.failure = failures_by_key.get(item.key)
        if self._rejects is None or self._access.check_mode:
            return
        failures = [item.failure for item in self.items if item.is_from_file]
        scrub = self._access.secrets.scrub
        try:
            self._rejects.write(scrub(failure.message) if failure else None for failure in failures)
        except AccessError as error:
            self._rejects_failure = error
        else:
            if any(failures):
                self._rejects_note = f"The failed rows are in {short_path(self._access.params['rejects_file'])}"

    def _count(self, items: t.Iterable[Entitlement]) -> int:
        """The number of these items in the input, including duplicates."""
        return sum(1 + (self._duplicate_counts[item.key] if self._duplicate_counts else 0) for item in items)

    def _select_unconfirmed(self, items: Batch, known: t.Mapping[str, str]) -> Batch:
        """The items that the ledger does not confirm. If users are read, all items of a user with an unconfirmed one
        are compared.
        """
        unconfirmed = [item for item in items if Holding.parse(known.get(item.key)) != item.desired]
        users = {item.user for item in unconfirmed}
        return [item for item in items if item.user in users] if self._reads_first else unconfirmed

    def _open_ledger(self) -> Ledger | None:
        params, access = self._access.params, self._access
        if params["ledger"] is None:
            return None
        installation = f"{access.platform.name} {access.client.url} {params['project_id']}"
        return Ledger(params["ledger"], installation, params["ledger_max_age"], read_only=access.check_mode)

    def _process(self, items: Batch) -> None:
        access = self._access
        graphql, batch_size = access.client.graphql, access.params["batch_size"]
        access.store.open()  # before threads share it
        if self._reads_first and not self._choose_reader(items):
            return
        self._queue = BulkQueue(users_per_request(access), graphql.max_fields(batch_size))
        if self._reads_first:
            self._queue.add_reads(items)
        else:
            for item in items:
                item.changed = True
                self._jobs.plan_user(item)
            self._queue.add_writes(items)
        threads = min(access.params["concurrency"], len(self._queue) or 1)
        for finished in run_parallel(self._schedule(), threads):
            self._record(finished)

    def _choose_reader(self, items: Batch) -> bool:
        """Determine how users are read. If that is not possible, all items fail."""
        try:
            choose_reader(self._access, len({item.user for item in items}))
        except AccessError as error:
            error = error.with_message(self._access.secrets.scrub(error.message))
            for item in items:
                item.fail(error)
            self._record(Finished(False, items))
            return False
        return True

    def _schedule(self) -> t.Iterator[Job[Finished] | None]:
        """Yield jobs: writes as soon as they are ready, otherwise reads. None: wait for a running read."""
        while True:
            batch = None if self._access.check_mode else self._queue.take_write()
            users = None if batch else self._queue.take_read()
            if batch:
                if self._ledger:  # if the process dies now, their outcome is unknown
                    self._ledger.forget([item.key for item in batch])
                yield functools.partial(self._jobs.write, batch)
            elif users:
                yield functools.partial(self._jobs.compare, users)
            elif self._queue.is_reading:
                yield None
            else:
                return

    def _record(self, finished: Finished) -> None:
        """Record finished items: queue those that differ, and update the counters, the ledger and the progress."""
        done = finished.items
        if finished.compared:
            self._queue.finish_read(done[0].forwarded_for, [item for item in done if item.changed])
            done = [item for item in done if not item.changed or self._access.check_mode]
        self._done += self._count(done)
        self._applied += [item for item in done if item.changed]
        self._failed += self._count(item for item in done if item.failure)
        if self._ledger and not self._access.check_mode:
            self._ledger.record(
                {item.key: str(item.desired) for item in done if not item.failure}, self._access.clock.now()
            )
        self._progress.update(self._done, len(self._applied), self._failed)

    def _record_changes(self) -> None:
        """Record the changes in the order of the input, although threads finish in any order."""
        applied = set(map(id, self._applied))
        for item in self.items:
            if id(item) in applied or (self._access.check_mode and item.changed):
                item.record(self._access)

    # --- result -------------------------------------------------------------------------------------------------------

    def as_result(self) -> dict[str, t.Any]:
        """The module's result. It lists items in the order of the input (of a file, only failed ones), and is a failure
        if any item failed.
        """
        failed = [item for item in self.items if item.failure]
        changed = [item for item in self.items if item.changed]
        result = self._failure_as_result(failed)
        displayed = changed[:_MAX_DIFF]
        more = {f"and {len(changed) - len(displayed)} more": "not shown"} if len(changed) > len(displayed) else {}
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
                "before": {item.label: str(item.before or "unknown") for item in displayed},
                "after": {**{item.label: str(item.desired) for item in displayed}, **more},
            },
        )
        return result

    def _failure_as_result(self, failed: Batch) -> dict[str, t.Any]:
        """The keys of a failed result, with the status of the first item that failed. Empty if none has."""
        first = failed[0].failure if failed else self._rejects_failure
        if first is None:
            return {}
        parts = list(_explain_all(failed))
        if len(self.items) > 1 and failed:
            parts = [f"{len(failed)} of {len(self.items)} entitlements failed: {in_one_line(parts)}"]
        if self._rejects_failure:
            parts.append(self._rejects_failure.message)
        return {**first.as_result(), "msg": ". ".join(filter(None, [*parts, self._rejects_note]))}


def _explain_all(failed: Batch) -> t.Iterator[str]:
    """The failure of each item. A long reason, such as that of all items that were skipped, is given once."""
    given: set[str] = set()
    for item in failed:
        reason = str(item.failure)
        yield item.explain("the same error" if reason in given and len(reason) > _MAX_REPEATED else reason)
        given.add(reason)
