"""A server that takes every message, and never says so."""

from __future__ import annotations

import asyncio

from tests.smtp_server import Dialogue


class Silent(Dialogue):
    """Set `over` to let the connections go; `left` counts them."""

    over = False
    left = 0

    async def _answer(self, asked: str, writer: asyncio.StreamWriter) -> str:
        if asked != ".":
            return await super()._answer(asked, writer)
        while not self.over:
            await asyncio.sleep(0.05)
        self.left += 1
        return ""
