from __future__ import annotations

import asyncio
import os

import pytest
from django.db import connection

from deliveries.mta.doorbell import Doorbell, ring


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("folder")
def test_a_ring_wakes_those_who_listen() -> None:
    async def scenario() -> bool:
        rung = asyncio.Event()
        loop = asyncio.get_running_loop()
        bell = Doorbell(rung.set)
        await loop.run_in_executor(None, bell.connect)
        bell.watch()
        assert not rung.is_set()
        await loop.run_in_executor(None, ring_and_leave)
        bell.look()
        await asyncio.wait_for(rung.wait(), 5)
        bell.close()
        return rung.is_set()

    assert asyncio.run(scenario())


@pytest.mark.usefixtures("folder", "db")
def test_without_a_ring_nobody_is_woken() -> None:
    if connection.vendor == "sqlite":
        ring()
    woken: list[int] = []
    bell = Doorbell(lambda: woken.append(os.getpid()))

    bell.look()

    assert woken == []


def ring_and_leave() -> None:
    try:
        ring()
    finally:
        connection.close()
