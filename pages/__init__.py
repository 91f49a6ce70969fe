"""The pages: they ask, call and show; every figure comes from `advisor`."""
