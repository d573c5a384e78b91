"""The sending processes: claim, render, send, journal, outcomes, recovery."""
