"""Years of history in a scratch database: people, operations, deliveries with their logs, hits. All by sets."""
