# Copyright (c) 2026, mediaops.access contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs several requests at once, so that throughput does not depend on a platform's latency."""

from __future__ import annotations

import typing as t
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

T = t.TypeVar("T")
Job = t.Callable[[], T]


def run_parallel(jobs: t.Iterator[Job[T] | None], width: int) -> t.Iterator[T]:
    """Run up to ``width`` jobs at a time in threads and yield their results as they complete. Exceptions are raised.

    A job is taken from ``jobs`` only when a thread is free for it, so later jobs may depend on earlier results; a None
    means that the next job needs a result that is still pending. With a width of 1, all jobs run in the calling thread,
    in order.
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
