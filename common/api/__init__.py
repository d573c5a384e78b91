"""What every API shares: errors, pagination, permissions and fields."""
