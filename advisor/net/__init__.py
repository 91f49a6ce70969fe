"""One way to other servers: addresses that may be asked, deadlines, bounds, retries."""
