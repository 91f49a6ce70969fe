"""The app under load, on this machine alone. Run with `python -m benchmarks.load`; docs/load.md says what each figure means."""
