"""The sidebar's ends, and the pages of its sections."""

from campaign_site.admin import navigation

__all__ = ["navigation"]
