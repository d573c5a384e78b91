"""What belongs to the installation and to no campaign: live options, processes' heartbeats, idempotency keys."""
