"""A case while it is made: what later steps may still change. Pure."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from parity.harness.generate.markets import Built, Shape
from parity.harness.model.bars import Bars
from parity.harness.model.limits import Limits

News = tuple[tuple[str, str, str], ...]


@dataclass
class Draft:
    """Everything of a case but its name; ``tags`` say what was done to it."""

    shape: Shape
    market: Built
    limits: Limits
    config: dict[str, Any]
    bars: dict[str, Bars]
    costs: dict[str, Any] | None = None
    news: News = ()
    tags: list[str] = field(default_factory=list)

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the strategy."""
        found: dict[str, Any] = self.config["strategy"]["parameters"]
        return found

    @property
    def scripted(self) -> bool:
        """Whether the case names its orders itself."""
        return "orders" in self.parameters

    def unshare(self) -> None:
        """Makes the config the draft's own: parts of it may come from tables of the generators."""
        self.config = copy.deepcopy(self.config)

    def without_sessions(self) -> None:
        """Takes every session filter away."""
        for key in ("session_filter", "anchored_session_filter"):
            self.config.pop(key, None)
            self.config["strategy"].pop(key, None)
