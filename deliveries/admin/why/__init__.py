"""“Why received?”, “Why not received?”: one person and one delivery, on one page."""

from deliveries.admin.why.page import why_urls

__all__ = ["why_urls"]
