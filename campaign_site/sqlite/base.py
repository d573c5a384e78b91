"""The database engine of the embedded mode: `campaign_site.sqlite` in settings."""

from __future__ import annotations

from typing import Any

from django.db.backends.sqlite3 import base

from campaign_site.sqlite.keeper import keep_open


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not self.is_in_memory_db():
            keep_open(conn_params["database"])
        return super().get_new_connection(conn_params)
