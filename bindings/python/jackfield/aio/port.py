"""Ports whose requests have streams that are awaited."""

from __future__ import annotations

from typing import Any

from .. import port
from .stream import Stream


class Port(port.Port):
    """As jackfield.Port. Request.stream() gives an aio.Stream."""

    def _stream(self, raw: int) -> Any:
        return Stream(self._node, raw, True)
