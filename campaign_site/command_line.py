"""The command line, with one-line errors where a configuration or the database is at fault."""

from __future__ import annotations

import sys

from campaign_site.env import ConfigurationError
from campaign_site.processes.orphan import end_with_supervisor

# What shells give a command that Ctrl-C ended.
INTERRUPTED = 130


def execute(argv: list[str]) -> None:
    """Run a management command; exit 1 with a one-line reason where the installation itself is at fault."""
    end_with_supervisor()
    try:
        _execute(argv)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except ConfigurationError as error:
        sys.exit(f"Configuration error: {error}")


def _execute(argv: list[str]) -> None:
    from django.core.management import execute_from_command_line
    from django.db.utils import InterfaceError, OperationalError
    from django.utils.translation import gettext as _

    try:
        execute_from_command_line(argv)
    except (OperationalError, InterfaceError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        message = _("The database does not answer: %(reason)s. Check DATABASE_URL and that the server is running.")
        sys.exit(message % {"reason": reason})
