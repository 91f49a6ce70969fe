"""The one HTTP client, the addresses that it may ask, and where the hub is."""
