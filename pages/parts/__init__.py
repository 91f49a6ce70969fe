"""Parts of pages, most of them shared; no page itself."""
