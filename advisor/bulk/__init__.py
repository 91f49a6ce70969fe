"""Bulk encoding: every passage of a corpus on disk becomes a vector in a file, once, whatever is
stopped on the way.
"""
