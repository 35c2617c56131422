"""Prompts, quality and promotions of a Regesta server. See docs/python.md."""

from ._async import AsyncClient
from ._client import Client
from ._errors import AccessDenied, GateRefused, NotFound, RegestaError, Unavailable
from ._moves import GateCheck, Move
from ._prompt import Prompt
from ._version import __version__

__all__ = [
    "AccessDenied", "AsyncClient", "Client", "GateCheck", "GateRefused", "Move", "NotFound", "Prompt", "RegestaError",
    "Unavailable", "__version__",
]
