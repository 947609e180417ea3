# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many entitlements with few requests: users are logged in together, read several at a time, and written together where they differ."""

from __future__ import annotations

import collections
import contextlib
import functools
import threading
import typing as t

from ..._data.ledger import Ledger
from ..._data.parallel import Job, results
from ..._data.progress import Progress
from ..._data.rows import Item, read_items
from ..._data.values import identity
from ..._errors import AccessError, AmbiguousWrite, NotFound, WaitTooLong, in_one_line
from ..._oauth2.grants import Grant
from ..._platform.access import Access
from .client import AudiencePlayer
from .entitlements import ITEM_OPTIONS, Checker, Entitlement, Holdings
from .graphql import Answers
from .users import User

_MAX_PROBLEMS = 100
_MAX_SHOWN = 1000  # changes in a diff
#: Errors that every further item would meet, unless one has succeeded or the client can log in: wrong credentials.
#: A read that ends with 404 has found the project missing: a user who is missing is no failure.
_HOPELESS = {"read": (401, 403, 404), "write": (401, 403)}

Batch = t.List[Entitlement]
#: What was written, by alias, and the answer; nothing where no answer is left to be judged.
_Answered = t.Tuple[t.Dict[str, Entitlement], t.Optional[Answers]]


class _Finished(t.NamedTuple):
    """What a job was done for, and whether that was only to compare it."""

    compared: bool
    items: Batch


class Entitlements:
    """Brings the entitlements about that a module's options name: one, a list, a file, or the last two."""

    def __init__(self, access: Access[AudiencePlayer]) -> None:
        self._access = access
        self._reads = access.params["read_before_write"]
        for option in ("batch_size", "concurrency"):
            if access.params[option] < 1:
                raise AccessError(f"{option} must be 1 or more, not {access.params[option]}")
        self._client = access.client.graphql.client_arguments()
        self._planned_users = set(map(identity, access.params["planned_users"] or ()))
        self._threads = threading.local()
        #: Why nothing more is tried: what failed would fail for every item.
        self._stopped: AccessError | None = None
        #: What has succeeded. A read may do so with a token from the cache, which does not prove the client's right to write.
        self._proven: set[str] = set()
        self.items: Batch = []
        #: What is named more than once, and where it was named first.
        self._repeated: list[tuple[Entitlement, str]] = []
        self._check()

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
                item, first = checker.read(source)
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
            work = self._unknown(work, self._ledger.known(self._access.clock.now()))
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
        unknown = [item for item in work if known.get(item.key) != item.desired]
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
                self._plan_user(item)
            self._pending.extend(work)
        size = graphql.max_fields(wanted)
        self._access.store.open()  # before threads share it
        width = min(self._access.params["concurrency"], len(self._unread) or -(-len(work) // size) or 1)
        for finished in results(self._jobs(size), width):
            self._note(finished)

    def _jobs(self, size: int) -> t.Iterator[Job[_Finished] | None]:
        """What is to be done next: writes that fill a request, then reads, then the rest of the writes."""
        while True:
            writes = 0 if self._access.check_mode else len(self._pending)
            if writes >= size or (writes and not self._unread and not self._reading):
                batch = [self._pending.popleft() for _item in range(min(size, writes))]
                if self._ledger:  # should the process die now, nobody would know what has become of them
                    self._ledger.forget([item.key for item in batch])
                yield functools.partial(self._written, batch)
            elif self._unread:
                self._reading += 1
                yield functools.partial(self._compared, self._unread.popleft())
            elif self._reading:
                yield None
            else:
                return

    def _note(self, finished: _Finished) -> None:
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
            self._ledger.note({item.key: item.desired for item in done if not item.failure}, self._access.clock.now())
        self._progress.update(self._done, self._changed, self._failed)

    # --- jobs, in threads of their own ---------------------------------------------------------------------------------

    def _mine(self) -> Access[AudiencePlayer]:
        """The access to the platform of this job. Its secrets are its own: thousands of tokens would not leave much room for anything else."""
        return t.cast("Access[AudiencePlayer]", self._threads.access)

    def _begin(self) -> Access[AudiencePlayer]:
        self._threads.access = self._access.for_thread()
        return self._threads.access

    def _compared(self, users: list[Batch]) -> _Finished:
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
                reached = self._compare(items, grant, failures.get(grant), own=reached and grant in failures) or reached
        return _Finished(True, everything)

    def _compare(self, items: Batch, grant: Grant, failure: AccessError | None, own: bool) -> bool:
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
                self._plan_user(item)
            item.before = item.held(held, now)
            item.changed = item.before != item.desired
        return True

    def _holdings(self, grant: Grant, failure: AccessError | None = None) -> Holdings | NotFound:
        """What a user holds, or that there is no such user."""
        try:
            return self._mine().client.holdings(grant, failure)
        except NotFound as missing:
            return missing

    def _plan_user(self, item: Entitlement) -> None:
        if self._access.check_mode and item.present and item.auto_register and item.user.email:
            self._access.client.plan_user(self._access, item.user.email)

    def _is_planned(self, user: User) -> bool:
        if not self._access.check_mode or user.email is None:
            return False
        return identity(user.email) in self._planned_users or self._access.planned(self._access.client.user_key(user.email)) is not None

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
        is_certain = code == 404 or failure.code is None or len(self.items) == 1
        return is_certain or not self._mine().client.issuer.client_works()

    def _written(self, batch: Batch) -> _Finished:
        self._begin()
        self._write(batch)
        return _Finished(False, batch)

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
            diff={"before": {item.label: item.before for item in shown}, "after": {**{item.label: item.desired for item in shown}, **more}},
        )
        return result
