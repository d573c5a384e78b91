"""What a hit does beyond being kept: one file per event."""
