"""Work done several at a time, each in a process of its own, whose output is shown whole and in order."""

import os
import pickle
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NoReturn, TypeVar

from .isolation import Failure, die_with_parent

Result = TypeVar("Result")


def side_by_side(works: Sequence[Callable[[], Result]], at_once: int) -> Iterator[Result]:
    """The result of each, in order, after what it wrote; `at_once` of them are done at a time. One
    at a time they write as they go.

    Without an answer, as when it was killed, the work is a `Failure`, which ends the others."""
    if at_once == 1 or len(works) == 1:
        yield from (work() for work in works)
        return
    jobs: list[Job[Result]] = []
    running: dict[int, Job[Result]] = {}
    shown = 0
    try:
        while shown < len(works):
            while len(jobs) < len(works) and len(running) < at_once:
                job = Job(works[len(jobs)])
                jobs.append(job)
                running[job.process] = job
            del running[os.wait()[0]]
            while shown < len(jobs) and jobs[shown].process not in running:
                yield jobs[shown].answer()
                shown += 1
    finally:
        for process in running:
            os.kill(process, signal.SIGTERM)
        for process in running:
            os.waitpid(process, 0)


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
