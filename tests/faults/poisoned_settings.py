"""The product's settings, and an app that kills."""

from __future__ import annotations

from campaign_site.settings import *  # noqa: F403
from campaign_site.settings import INSTALLED_APPS as PRODUCT

INSTALLED_APPS = [*PRODUCT, "tests.faults.poisoned.Poisoned"]
