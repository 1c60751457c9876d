"""Work in a process that is killed before one of its steps on the disk."""

import os
from collections.abc import Callable, Sequence
from types import ModuleType


def killed_at(
    step: int, work: Callable[[], object], counting: Sequence[tuple[ModuleType, str]]
) -> bool:
    """Do `work` in a process that dies before the `step`-th call of what is counted; was it?"""
    child = os.fork()
    if child == 0:
        left = [step]

        def counted(call: Callable[..., object]) -> Callable[..., object]:
            def wrapper(*args: object, **kwargs: object) -> object:
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)
                return call(*args, **kwargs)

            return wrapper

        try:
            for module, name in counting:
                setattr(module, name, counted(getattr(module, name)))
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 9
