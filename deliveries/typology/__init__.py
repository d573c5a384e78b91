"""Checks and filters run by the analysis."""
