"""Work done several at a time, each in a process of its own, whose output is shown whole and in order."""

import os
import pickle
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

from .isolation import Failure, die_with_parent

# What the kernel tells of processors that are waited for (its "Pressure Stall Information").
PRESSURE = Path("/proc/pressure/cpu")
# The percentage of the last ten seconds in which something waited for a processor, from which on no further
# work begins; the first begin together, before it can be told. It was 99 on a slow machine where tests beside
# others failed by their time alone.
BUSY = 90.0

Result = TypeVar("Result")


def side_by_side(works: Sequence[Callable[[], Result]], at_once: int) -> Iterator[Result]:
    """The result of each, in order, after what it wrote; `at_once` of them are done at a time, or fewer
    while the machine is busy with them. One at a time they write as they go.

    Without an answer, as when it was killed, the work is a `Failure`, which ends the others."""
    if at_once == 1 or len(works) == 1:
        yield from (work() for work in works)
        return
    jobs: list[Job[Result]] = []
    running: dict[int, Job[Result]] = {}
    shown = 0
    try:
        while shown < len(works):
            while has_next := len(jobs) < len(works) and len(running) < at_once:
                if running and _is_busy():
                    break
                job = Job(works[len(jobs)])
                jobs.append(job)
                running[job.process] = job
            ended, _ = os.waitpid(-1, os.WNOHANG if has_next else 0)
            if not ended:
                time.sleep(1)
                continue
            del running[ended]
            while shown < len(jobs) and jobs[shown].process not in running:
                yield jobs[shown].answer()
                shown += 1
    finally:
        for process in running:
            os.kill(process, signal.SIGTERM)
        for process in running:
            os.waitpid(process, 0)


def _is_busy() -> bool:
    """Whether more work would have to wait for a processor; no where the kernel does not tell."""
    try:
        told = PRESSURE.read_text()
    except OSError:
        return False
    some = re.search(r"some avg10=([\d.]+)", told)
    return some is not None and float(some[1]) >= BUSY


class Job(Generic[Result]):
    """Work that goes on in a process of its own."""

    def __init__(self, work: Callable[[], Result]) -> None:
        self._written, self._result = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        sys.stdout.flush()
        self.process = os.fork()
        if not self.process:
            self._do(work)

    def answer(self) -> Result:
        """Shows what the work wrote, and answers its result; after its end."""
        self._written.seek(0)
        sys.stdout.flush()
        shutil.copyfileobj(self._written, sys.stdout.buffer)
        sys.stdout.flush()
        self._result.seek(0)
        answer = self._result.read()
        if not answer:
            raise Failure("a test ended without an outcome; its reason stands above")
        result: Result | Failure = pickle.loads(answer)
        if isinstance(result, Failure):
            raise result
        return result

    def _do(self, work: Callable[[], Result]) -> NoReturn:
        try:
            # In order, as a test has machines to end.
            die_with_parent(signal.SIGTERM)
            for stream in (sys.stdout, sys.stderr):
                os.dup2(self._written.fileno(), stream.fileno())
            try:
                result: Result | Failure = work()
            except Failure as failure:
                result = failure
            self._result.write(pickle.dumps(result))
            self._result.flush()
        except Exception:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
