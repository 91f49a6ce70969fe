"""The answers for programs: JSON routes, health and metrics beside the pages, on the same server (asgi.py)."""
