"""The answers for programs: the command line, and JSON routes with health and metrics on the pages' server (asgi.py), which it guards."""
