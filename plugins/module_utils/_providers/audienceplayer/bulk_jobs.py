# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and writes entitlements in threads: users are logged in together, read several at a time, and written together."""

from __future__ import annotations

import contextlib
import threading
import typing as t

from ..._data.values import identity
from ..._errors import AccessError, AmbiguousWrite, NotFound, WaitTooLong
from ..._oauth2.grants import Grant
from ..._platform.access import Access
from .client import AudiencePlayer
from .entitlements import Entitlement, Holdings
from .graphql import Answers
from .users import User

#: Errors that every further item would meet, unless one has succeeded or the client can log in: wrong credentials.
#: A read that ends with 404 has found the project missing: a user who is missing is no failure.
_HOPELESS = {"read": (401, 403, 404), "write": (401, 403)}

Batch = t.List[Entitlement]
#: The written items, by alias, and the answer; nothing if no answer is left to be judged.
_Answered = t.Tuple[t.Dict[str, Entitlement], t.Optional[Answers]]


class Finished(t.NamedTuple):
    """The items of a job, and whether it only compared them."""

    compared: bool
    items: Batch


class Jobs:
    """What threads do. Each has an access of its own; they share when to stop, and what has succeeded."""

    def __init__(self, access: Access[AudiencePlayer], *, alone: bool) -> None:
        """``alone``: there is one item only, whose failure tells nothing about others."""
        self._access = access
        self._alone = alone
        self._reads = access.params["read_before_write"]
        self._client = access.client.graphql.client_arguments()
        self._planned_users = set(map(identity, access.params["planned_users"] or ()))
        self._threads = threading.local()
        #: Why nothing more is tried: what failed would fail for every item.
        self._stopped: AccessError | None = None
        #: What has succeeded. A read may do so with a token from the cache, which does not prove the client's right to write.
        self._proven: set[str] = set()

    def _mine(self) -> Access[AudiencePlayer]:
        """The access to the platform of this job. Its secrets are its own: thousands of tokens would not leave much room for anything else."""
        return t.cast("Access[AudiencePlayer]", self._threads.access)

    def _begin(self) -> Access[AudiencePlayer]:
        self._threads.access = self._access.for_thread()
        return self._threads.access

    def compare(self, users: list[Batch]) -> Finished:
        """Read what users hold; an item that differs is marked as changed."""
        access = self._begin()
        grants = [access.client.issuer.user_grant(items[0].user) for items in users]
        everything = [item for items in users for item in items]
        failures: dict[Grant, AccessError] = {}
        self._attempt("read", everything, lambda: failures.update(access.client.tokens.get_many(grants)))
        # Those who are logged in come first: where they can be read, a login's failure is the user's own, and not everybody's.
        reached = False
        for items, grant in sorted(zip(users, grants), key=lambda pair: pair[1] in failures):
            if not items[0].failure:
                reached = self._compare_user(items, grant, failures.get(grant), own=reached and grant in failures) or reached
        return Finished(True, everything)

    def _compare_user(self, items: Batch, grant: Grant, failure: AccessError | None, own: bool) -> bool:
        """Read what one user holds, if possible."""
        found: list[Holdings | NotFound] = []
        self._mine().budget.reset()
        if not self._attempt("read", items, lambda: found.append(self._holdings(grant, failure)), own):
            return False
        missing, held = (found[0], None) if isinstance(found[0], NotFound) else (None, found[0])
        if not missing:
            self._proven.add("read")
        now = self._access.clock.now()
        for item in items:
            if missing and item.present and not item.auto_register and not self._is_planned(item.user):
                advice = f"{missing.message}. Set auto_register to create users by their user_email"
                item.fail(AccessError(advice, **missing.codes))
                continue
            if missing:
                self.plan_user(item)
            item.before = item.held(held, now)
            item.changed = item.before != item.desired
        return True

    def _holdings(self, grant: Grant, failure: AccessError | None = None) -> Holdings | NotFound:
        """What a user holds, or that there is no such user."""
        try:
            return self._mine().client.holdings(grant, failure)
        except NotFound as missing:
            return missing

    def plan_user(self, item: Entitlement) -> None:
        if self._access.check_mode and item.present and item.auto_register and item.user.email:
            self._access.client.plan_user(self._access, item.user.email)

    def _is_planned(self, user: User) -> bool:
        if not self._access.check_mode or user.email is None:
            return False
        return identity(user.email) in self._planned_users or self._access.find_plan(self._access.client.user_key(user.email)) is not None

    def _attempt(self, kind: str, items: Batch, action: t.Callable[[], None], own: bool = False) -> bool:
        """Read or write something for some items; its failure is theirs, and of all that follow where it must fail for them, too."""
        if self._stopped:
            reason = f"not tried any more, because one before it failed: {self._stopped.message}"
            failure = AccessError(reason, **self._stopped.codes)
        else:
            try:
                action()
                return True
            except AccessError as error:
                failure = error
        for item in items:
            self._blame(kind, item, failure, own)
        return False

    def _blame(self, kind: str, item: Entitlement, failure: AccessError, own: bool = False) -> None:
        failure = failure.with_message(self._mine().secrets.scrub(failure.message))
        hopeless = isinstance(failure, WaitTooLong) or (not own and not self._stopped and self._is_everybodys(kind, failure))
        self._stopped = self._stopped or (failure if hopeless else None)
        item.fail(failure)

    def _is_everybodys(self, kind: str, failure: AccessError) -> bool:
        """Whether what failed for one item must fail for all: nothing is reached, or the client is refused."""
        code = failure.status if failure.code is None else failure.code
        if code not in _HOPELESS[kind] or kind in self._proven:
            return failure.status is None
        is_certain = code == 404 or failure.code is None or self._alone
        return is_certain or not self._mine().client.issuer.client_works()

    def write(self, batch: Batch) -> Finished:
        self._begin()
        self._write(batch)
        return Finished(False, batch)

    def _write(self, batch: Batch) -> None:
        """Write a batch; what the answer does not tell of is written once more, in halves, then alone."""
        if self._stopped:
            self._attempt("write", batch, lambda: None)
            return
        size = self._mine().client.graphql.max_fields(len(batch))  # perhaps less than when the batch was made
        if size < len(batch):
            for start in range(0, len(batch), size):
                self._write(batch[start : start + size])
            return
        self._mine().budget.reset()
        answered: list[_Answered] = []
        self._attempt("write", batch, lambda: answered.append(self._answers(batch)))
        aliases, answers = answered[0] if answered else ({}, None)
        unclear = [aliases[alias] for alias in answers.unclear] if answers else []
        if answers:
            self._judge(aliases, answers)
            if answers.error and len(unclear) == len(aliases) and self._is_everybodys("write", answers.error):
                while unclear:
                    self._blame("write", unclear.pop(), answers.error)
        if len(unclear) == 1 == len(aliases):
            status = answers.status if answers else None
            unclear.pop().fail(AccessError("the platform did not say what became of it", status=status))
        half = len(unclear) if len(unclear) < len(aliases) else len(unclear) // 2
        for part in (unclear[:half], unclear[half:]):
            if part:
                self._write(part)
        self._settle([item for item in batch if item.failure and item not in unclear])

    def _answers(self, batch: Batch) -> _Answered:
        """Write a batch. After a request of unknown outcome, only what the users lack is written again, where holdings are read at all."""
        access, doubts = self._mine(), 0
        while True:
            aliases = {f"e{index}": item for index, item in enumerate(batch)}
            fields = {alias: item.mutation(self._client, alias) for alias, item in aliases.items()}
            try:
                return aliases, access.client.graphql.mutate(fields, repeatable=not self._reads)
            except AmbiguousWrite as doubt:
                if doubts >= access.params["retries"]:
                    raise
                access.budget.wait(doubt.wait, doubt.message)
                access.clock.sleep(0 if doubt.wait else 0.25 * 2**doubts)
            doubts += 1
            reached = list(self._reached(batch))
            batch = [item for item in batch if item not in reached]
            if not batch:
                return {}, None

    def _judge(self, aliases: t.Mapping[str, Entitlement], answers: Answers) -> None:
        """Tell what has come about from what has failed."""
        for alias, item in aliases.items():
            if alias not in answers.failed and alias not in answers.unclear:
                self._proven.add("write")
                if answers.data[alias] is False:
                    item.fail(AccessError("the platform answered false", status=answers.status))
        for alias, failure in answers.failed.items():
            item = aliases[alias]
            if failure.code == 404 and not item.present and self._mine().client.issuer.client_works():
                item.changed = False  # there is nothing, or nobody, to take it from
            else:
                self._blame("write", item, failure)

    def _settle(self, failed: Batch) -> None:
        """After a failure, believe what the platform says that the users hold."""
        with contextlib.suppress(AccessError):
            for item in self._reached(failed if self._reads else []):
                item.changed, item.failure = True, None

    def _reached(self, items: Batch) -> t.Iterator[Entitlement]:
        """Those of the items whose users hold what they shall."""
        issuer = self._mine().client.issuer
        held: dict[User, Holdings] = {}
        for item in items:
            if item.user not in held:
                self._mine().budget.reset()
                found = self._holdings(issuer.user_grant(item.user))
                held[item.user] = None if isinstance(found, NotFound) else found
            if item.held(held[item.user], self._access.clock.now()) == item.desired:
                yield item
