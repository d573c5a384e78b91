"""Allowances shared by all processes, in Redis: each call is one script, so nobody waits for anybody's lock."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import redis

from deliveries.mta.throttling.buckets import SLICE, Buckets, Slots, slice_start

logger = logging.getLogger("diffusion.mta")
_PREFIX = "diffusion:throttling:"
TIMEOUT_SECONDS = 1.0

# The next free instant, in microseconds; times come from the callers' common clock, the database's.
_RESERVE = """
local now, spacing, wanted, horizon = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local first = math.max(tonumber(redis.call('GET', KEYS[1]) or '0') - now, 0)
local number = math.min(wanted, math.floor((horizon - first) / spacing) + 1)
if number < 1 then return {0, 0} end
redis.call('SET', KEYS[1], string.format('%.0f', now + first + number * spacing), 'PX', 60000)
return {math.floor(first), number}
"""
_DRAW = """
local limit, wanted = tonumber(ARGV[1]), tonumber(ARGV[2])
local granted = math.max(0, math.min(wanted, limit - tonumber(redis.call('GET', KEYS[1]) or '0')))
if granted > 0 then
  redis.call('INCRBY', KEYS[1], granted)
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return granted
"""
_PUT_BACK = """
local number = math.min(tonumber(ARGV[1]), tonumber(redis.call('GET', KEYS[1]) or '0'))
if number > 0 then redis.call('DECRBY', KEYS[1], number) end
return number
"""


class RedisBuckets:
    """While Redis is away, `instead` serves: the limits hold, at the price of a row per receiver."""

    def __init__(self, url: str, *, instead: Buckets) -> None:
        self._client: Any = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        )
        self._instead = instead
        self._reserve = self._client.register_script(_RESERVE)
        self._draw = self._client.register_script(_DRAW)
        self._put_back = self._client.register_script(_PUT_BACK)

    def reserve(self, key: str, *, rate: float, wanted: int, horizon: float, now: datetime) -> Slots:
        arguments = [round(now.timestamp() * 1e6), 1e6 / rate, wanted, horizon * 1e6]
        try:
            first, number = self._reserve(keys=[f"{_PREFIX}pace:{key}"], args=arguments)
        except redis.RedisError as error:
            _tell(error)
            return self._instead.reserve(key, rate=rate, wanted=wanted, horizon=horizon, now=now)
        return Slots(first / 1e6, number)

    def draw(self, key: str, *, limit: int, wanted: int, now: datetime) -> int:
        seconds = round(2 * SLICE.total_seconds())
        try:
            return int(self._draw(keys=[_slice(key, now)], args=[limit, wanted, seconds]))
        except redis.RedisError as error:
            _tell(error)
            return self._instead.draw(key, limit=limit, wanted=wanted, now=now)

    def put_back(self, key: str, *, number: int, now: datetime) -> None:
        try:
            self._put_back(keys=[_slice(key, now)], args=[number])
        except redis.RedisError as error:
            _tell(error)


def _slice(key: str, now: datetime) -> str:
    return f"{_PREFIX}slice:{slice_start(now):%Y%m%d%H%M}:{key}"


def _tell(error: redis.RedisError) -> None:
    logger.warning("Redis does not answer, the database counts instead: %s", error)
