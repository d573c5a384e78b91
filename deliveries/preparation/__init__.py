"""The analysis, stage by stage: read pipeline.py first."""
