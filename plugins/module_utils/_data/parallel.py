# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several requests in flight at once, so that a platform's latency does not set the pace."""

from __future__ import annotations

import typing as t
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

T = t.TypeVar("T")
Job = t.Callable[[], T]


def results(jobs: t.Iterator[Job[T] | None], width: int) -> t.Iterator[T]:
    """Do ``width`` jobs at a time in threads and yield what they return, as it comes. Exceptions are raised.

    The next job is taken when somebody is free to do it, so what comes may depend on results; None says that it does on one which is not there yet.
    With a width of 1 all is done in this thread, in order.
    """
    if width == 1:
        yield from (job() for job in jobs if job)
        return
    with ThreadPoolExecutor(width) as pool:
        active: set[Future[T]] = set()
        while True:
            for job in jobs:
                if job is None:
                    break
                active.add(pool.submit(job))
                if len(active) == width:
                    break
            if not active:
                return
            finished, active = wait(active, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in finished)
