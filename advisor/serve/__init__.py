"""The answers for programs: the command line, and JSON routes with health and metrics.

The routes are on the pages' server (asgi.py), which this wing guards.
"""
