"""Which BGE model to use, where to run it, and what it costs: the decisions behind the pages."""
