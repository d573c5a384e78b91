"""Idempotency keys for every viewset, live options, the sending processes."""
