"""Work in namespaces of its own: when it ends, or when this process is killed, all its processes,
mounts and networks are gone."""

import ctypes
import os
import pickle
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

Result = TypeVar("Result")

# From <linux/sched.h> and <linux/prctl.h>; Python has unshare from 3.12 on only, and no prctl.
CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x20000000, 0x40000000
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """What the user should read without a traceback."""


def isolated(work: Callable[[], Result], *, network: bool) -> Result:
    """Does `work` in private mount and process namespaces, and a private network if asked to."""
    sys.stdout.flush()
    reader, writer = os.pipe()
    keeper = os.fork()
    if not keeper:
        os.close(reader)
        _keep(work, writer, CLONE_NEWNET if network else 0)
    os.close(writer)
    try:
        with os.fdopen(reader, "rb") as results:
            answer = results.read()
        os.waitpid(keeper, 0)
    except BaseException:
        os.kill(keeper, signal.SIGTERM)
        os.waitpid(keeper, 0)
        raise
    if not answer:
        raise Failure("a part of the driver died; its reason stands above")
    result = pickle.loads(answer)
    if isinstance(result, Failure):
        raise result
    return result


def _keep(work: Callable[[], Result], writer: int, network: int) -> NoReturn:
    """Holds the namespaces: their first process is the child of this one, and dies with it."""
    try:
        die_with_parent(signal.SIGKILL)
        # Ctrl-C reaches the first process too, and that one decides. Not ignored, as those that
        # are started from here would inherit it.
        signal.signal(signal.SIGINT, lambda *_: None)
        if LIBC.unshare(CLONE_NEWNS | CLONE_NEWPID | network):
            raise OSError(ctypes.get_errno(), "unshare")
        child = os.fork()
        if child:
            os.close(writer)
            signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
            os.waitpid(child, 0)
        else:
            die_with_parent(signal.SIGKILL)
            mount("--make-rslave", "/")
            mount("--types", "proc", "proc", "/proc")
            try:
                result: Result | Failure = work()
            except Failure as failure:
                result = failure
            with os.fdopen(writer, "wb") as results:
                results.write(pickle.dumps(result))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def die_with_parent(how: signal.Signals) -> None:
    """Has the kernel send this process a signal when its parent ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, how)


def mount(*arguments: str | Path) -> None:
    """mount(8)."""
    subprocess.run(["mount", *arguments], check=True)
