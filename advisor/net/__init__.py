"""The way to endpoints: addresses that may be asked, deadlines, bounds, retries; and where the hub is."""
