#!/usr/bin/env python
"""Django's command line for Diffusion; `./diffusion` calls it inside .venv."""

from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "campaign_site.settings")
    from campaign_site.command_line import execute

    execute(sys.argv)


if __name__ == "__main__":
    main()
