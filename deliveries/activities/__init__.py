"""The workflow activities that make deliveries, one file each."""
