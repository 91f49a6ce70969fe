"""Parts that several pages share; no page itself."""
