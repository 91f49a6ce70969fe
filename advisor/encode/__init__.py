"""Live engines behind one protocol: on this machine (fastembed, torch) and at endpoints (HTTP)."""
