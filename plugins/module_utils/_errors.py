# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a platform, as typed exceptions whose text is fit for a user."""

from __future__ import annotations

import sys
import typing as t


class AccessError(Exception):
    """A failure that is reported to the user as ``msg``, ``provider``, ``status`` and ``error_code``.

    The message says what happened, where and what to do. It may quote a platform's answer, so whoever shows it scrubs it first
    (see :class:`_secrets.Secrets`).
    """

    def __init__(self, message: str, *, status: int | None = None, code: str | int | None = None, stale_token: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        #: The platform rejects the token that was used: a new one may help, nothing else does.
        self.stale_token = stale_token
        #: Something was changed before it went wrong.
        self.changed = False

    def as_result(self) -> dict[str, t.Any]:
        """The keys that a failed module returns."""
        result: dict[str, t.Any] = {"failed": True, "changed": self.changed, "msg": self.message}
        if self.status is not None:
            result["status"] = self.status
        if self.code is not None:
            result["error_code"] = self.code
        return result


class AmbiguousWrite(AccessError):
    """A write was sent and nobody knows whether it was applied: read the state again before anything else."""

    def __init__(self, message: str, *, wait: float = 0.0, creates: bool = False, **kwargs: t.Any) -> None:
        super().__init__(message, **kwargs)
        #: Seconds that the platform asked to wait before the next request.
        self.wait = wait
        #: It may have created something, which another such request would create a second time (see ``Request.creates``).
        self.creates = creates


class Overtaken(AmbiguousWrite):
    """A write was refused because somebody else seems to have made the same change meanwhile: read the state again before anything else."""


class NotFound(AccessError):
    """The platform says that the item does not exist."""


class WaitTooLong(AccessError):
    """A rate limit, a ``Retry-After`` or somebody else's login would take longer than ``max_wait`` leaves."""


class MissingOption(AccessError):
    """An option that this request cannot do without is not given."""


class MissingLibrary(AccessError):
    """A Python library that this task needs cannot be imported. The message names the interpreter: the worker's, or an ordinary module's."""

    def __init__(self, library: str, purpose: str) -> None:
        python = sys.executable or "python"
        super().__init__(f"the Python library {library} is needed {purpose}, and {python} cannot import it. Install it with: {python} -m pip install {library}")


def in_one_line(problems: t.Sequence[str], most: int = 10) -> str:
    """Many problems as one message, which stays readable."""
    more = f" (and {len(problems) - most} more)" if len(problems) > most else ""
    return "; ".join(problems[:most]) + more
