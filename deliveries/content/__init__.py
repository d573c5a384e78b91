"""Content: versions, tracked links, personalisation."""
