# SPDX-License-Identifier: MIT
"""Who frees the library's objects, and in what order."""
from __future__ import annotations

from typing import Any, Callable, List, Optional

from ._dla import ffi

LAST = object()


class Owner:
    """
    Frees an object of the library when the last of its users is gone, and only then lets go of what it was made
    from. Counting is needed: the garbage collector takes the objects of a cycle in any order.
    """

    def __init__(self, raw: Any, destroy: Callable[[Any], None], parent: Optional[Owner] = None) -> None:
        self.raw = raw
        self._destroy = destroy
        self._parent = parent and Use(parent)
        # A user each. Lists grow and shrink in one step, whatever other threads and the collector do meanwhile:
        # the first element is taken out last, and by one user only.
        self.users: List[object] = []

    def handle(self, pointer: Any = None) -> Any:
        """A pointer to the object, or another one into it, that counts as a user as long as it is there."""
        use = Use(self)
        return ffi.gc(self.raw if pointer is None else pointer, lambda _, _use=use: None)

    def let_go(self) -> None:
        """One user less."""
        if self.users.pop() is LAST:
            self._destroy(self.raw)
            self._parent = None


class Use:
    """A user of an object."""

    def __init__(self, owner: Owner) -> None:
        owner.users.append(None if owner.users else LAST)
        self._owner = owner

    def __del__(self) -> None:
        self._owner.let_go()
