# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and writes batches of entitlements in threads."""

from __future__ import annotations

import contextlib
import threading
import typing as t

from ..._data.values import identity
from ..._errors import AccessError, AmbiguousWrite, NotFound, WaitTooLong
from ..._platform.access import Access
from .client import AudiencePlayer
from .entitlements import Entitlement, Holdings
from .graphql import Answers
from .reading import Reading, address_options, prepare_readings
from .users import User

#: Error codes that mean wrong credentials, unless an item has succeeded or the client can log in: every other item
#: would fail, too.
#: A read fails with 404 only if the project is missing, as a missing user is not a failure.
_FATAL_CODES = {"read": (401, 403, 404), "write": (401, 403)}

Batch = t.List[Entitlement]
#: The written items by alias, and the response; empty if all items have been found in their desired state instead.
_Sent = t.Tuple[t.Dict[str, Entitlement], t.Optional[Answers]]


class Finished(t.NamedTuple):
    """The items of a finished job, and whether it only compared them."""

    compared: bool
    items: Batch


class Jobs:
    """The jobs that run in threads. Each thread has its own access to the platform; all share whether to stop, and what
    has succeeded.
    """

    def __init__(self, access: Access[AudiencePlayer], *, single: bool) -> None:
        """``single``: there is only one item, so a failure need not be distinguished from that of the client."""
        self._access = access
        self._single = single
        self._reads_first = access.params["read_before_write"]
        self._client = access.client.graphql.client_arguments()
        self._planned_users = set(map(identity, access.params["planned_users"] or ()))
        self._threads = threading.local()
        #: The error that would fail every other item, too. Once it is set, remaining items are skipped.
        self._stopped: AccessError | None = None
        #: The kinds of jobs that have succeeded. A read may have used a cached token, so it does not show that the
        #: client may write.
        self._succeeded: set[str] = set()

    @property
    def _thread_access(self) -> Access[AudiencePlayer]:
        """The current job's access to the platform. Its secrets are separate and discarded with it, as a run may handle
        thousands of tokens.
        """
        return t.cast("Access[AudiencePlayer]", self._threads.access)

    def _open_thread_access(self, items: Batch) -> Access[AudiencePlayer]:
        """Open the access for a job. All of its items have the same forwarded address."""
        self._threads.access = self._access.for_thread(**address_options(items[0].forwarded_for))
        return self._threads.access

    def compare(self, users: list[Batch]) -> Finished:
        """Read users' entitlements, and mark the items that differ as changed."""
        all_items = [item for items in users for item in items]
        access = self._open_thread_access(all_items)
        readings: list[Reading] = []
        wanted = [items[0].user for items in users]
        self._attempt("read", all_items, lambda: readings.extend(prepare_readings(access, wanted)))
        # Read users who are logged in first: if that succeeds, a failed login concerns only its own user.
        any_read = False
        for items, reading in sorted(zip(users, readings), key=lambda pair: pair[1].has_failed):
            if not items[0].failure:
                user_specific = any_read and reading.has_failed
                any_read = self._compare_user(items, reading, user_specific=user_specific) or any_read
        return Finished(True, all_items)

    def _compare_user(self, items: Batch, reading: Reading, user_specific: bool) -> bool:
        """Read one user's entitlements, and compare them. Returns whether they could be read."""
        found: list[Holdings | NotFound] = []
        self._thread_access.budget.reset()
        if not self._attempt("read", items, lambda: found.append(_find_holdings(reading)), user_specific):
            return False
        missing, holdings = (found[0], None) if isinstance(found[0], NotFound) else (None, found[0])
        if not missing:
            self._succeeded.add("read")
        now = self._access.clock.now()
        for item in items:
            if missing and item.present and not item.auto_register and not self._is_planned(item.user):
                reason = f"{missing.message}. Set auto_register to create users by user_email"
                item.fail(AccessError(self._thread_access.secrets.scrub(reason), **missing.codes))
                continue
            if missing:
                self.plan_user(item)
            item.before = item.find_holding(holdings, now)
            item.changed = item.before != item.desired
        return True

    def plan_user(self, item: Entitlement) -> None:
        if self._access.check_mode and item.present and item.auto_register and item.user.email:
            self._access.client.plan_user(self._access, item.user.email)

    def _is_planned(self, user: User) -> bool:
        if not self._access.check_mode or user.email is None:
            return False
        return (
            identity(user.email) in self._planned_users
            or self._access.find_plan(self._access.client.user_key(user.email)) is not None
        )

    def _attempt(self, kind: str, items: Batch, action: t.Callable[[], None], user_specific: bool = False) -> bool:
        """Perform an action for some items; if it fails, they fail. A fatal error stops all further attempts."""
        if self._stopped:
            reason = f"skipped, because an earlier item failed: {self._stopped.message}"
            failure = AccessError(reason, **self._stopped.codes)
        else:
            try:
                action()
                return True
            except AccessError as error:
                failure = error
        for item in items:
            self._fail(kind, item, failure, user_specific)
        return False

    def _fail(self, kind: str, item: Entitlement, failure: AccessError, user_specific: bool = False) -> None:
        failure = failure.with_message(self._thread_access.secrets.scrub(failure.message))
        is_fatal = isinstance(failure, WaitTooLong) or (
            not user_specific and not self._stopped and self._is_fatal(kind, failure)
        )
        self._stopped = self._stopped or (failure if is_fatal else None)
        item.fail(failure)

    def _is_fatal(self, kind: str, failure: AccessError) -> bool:
        """Whether an error of one item would occur for every item: the platform is unreachable, or the client is
        refused.
        """
        code = failure.status if failure.code is None else failure.code
        if code not in _FATAL_CODES[kind] or kind in self._succeeded:
            return failure.status is None
        is_certain = code == 404 or failure.code is None or self._single
        return is_certain or not self._thread_access.client.issuer.client_works()

    def write(self, batch: Batch) -> Finished:
        self._open_thread_access(batch)
        self._write(batch)
        return Finished(False, batch)

    def _write(self, batch: Batch) -> None:
        """Write a batch. Items whose outcome is unclear are written again in halves, finally one by one."""
        if self._stopped:
            self._attempt("write", batch, lambda: None)
            return
        size = self._thread_access.client.graphql.max_fields(
            len(batch)
        )  # may have become smaller since the batch was formed
        if size < len(batch):
            for start in range(0, len(batch), size):
                self._write(batch[start : start + size])
            return
        self._thread_access.budget.reset()
        sent: list[_Sent] = []
        self._attempt("write", batch, lambda: sent.append(self._send(batch)))
        aliases, answers = sent[0] if sent else ({}, None)
        unclear = [aliases[alias] for alias in answers.unclear] if answers else []
        if answers:
            self._record_outcomes(aliases, answers)
            if answers.error and len(unclear) == len(aliases) and self._is_fatal("write", answers.error):
                while unclear:
                    self._fail("write", unclear.pop(), answers.error)
        if len(unclear) == 1 == len(aliases):
            status = answers.status if answers else None
            unclear.pop().fail(AccessError("the platform did not report the outcome", status=status))
        half = len(unclear) if len(unclear) < len(aliases) else len(unclear) // 2
        for part in (unclear[:half], unclear[half:]):
            if part:
                self._write(part)
        self._recheck([item for item in batch if item.failure and item not in unclear])

    def _send(self, batch: Batch) -> _Sent:
        """Send a batch of writes. If its outcome is unknown, users are read again, and only items that still differ are
        repeated.
        """
        access, ambiguous_writes = self._thread_access, 0
        while True:
            aliases = {f"e{index}": item for index, item in enumerate(batch)}
            fields = {alias: item.mutation(self._client, alias) for alias, item in aliases.items()}
            try:
                return aliases, access.client.graphql.mutate(fields, repeatable=not self._reads_first)
            except AmbiguousWrite as error:
                if ambiguous_writes >= access.params["retries"]:
                    raise
                access.budget.wait_for_limit(error.wait, error.message, **error.codes)
                access.clock.sleep(0 if error.wait else 0.25 * 2**ambiguous_writes)
            ambiguous_writes += 1
            reached = list(self._find_reached(batch))
            batch = [item for item in batch if item not in reached]
            if not batch:
                return {}, None
            access.budget.counts.repeats += 1

    def _record_outcomes(self, aliases: t.Mapping[str, Entitlement], answers: Answers) -> None:
        """Record which items were written and which failed."""
        for alias, item in aliases.items():
            if alias not in answers.failed and alias not in answers.unclear:
                self._succeeded.add("write")
                if answers.data[alias] is False:
                    item.fail(AccessError("the platform returned false", status=answers.status))
        for alias, failure in answers.failed.items():
            item = aliases[alias]
            if failure.code == 404 and not item.present and self._thread_access.client.issuer.client_works():
                item.changed = False  # the entitlement or user to revoke does not exist
            else:
                self._fail("write", item, failure)

    def _recheck(self, failed: Batch) -> None:
        """Read the users of failed items again: items in their desired state have not failed."""
        with contextlib.suppress(AccessError):
            for item in self._find_reached(failed if self._reads_first else []):
                item.changed, item.failure = True, None

    def _find_reached(self, items: Batch) -> t.Iterator[Entitlement]:
        """Read users, and yield the items that are in their desired state."""
        access = self._thread_access
        access.budget.reset()
        items_by_user: dict[User, Batch] = {}
        for item in items:
            items_by_user.setdefault(item.user, []).append(item)
        readings = prepare_readings(access, list(items_by_user)) if items else []
        for reading, own_items in zip(readings, items_by_user.values()):
            access.budget.reset()
            found = _find_holdings(reading)
            holdings = None if isinstance(found, NotFound) else found
            for item in own_items:
                if item.find_holding(holdings, self._access.clock.now()) == item.desired:
                    yield item


def _find_holdings(reading: Reading) -> Holdings | NotFound:
    """A user's entitlements, or the error if the user does not exist."""
    try:
        return reading.fetch()
    except NotFound as missing:
        return missing
