"""The channels, registered by their packages."""

from __future__ import annotations

from common.registry import Registry
from deliveries.channels.base import Channel

channels: Registry[Channel] = Registry("channels")
