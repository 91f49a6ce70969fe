"""What pages draw and hand out: rows of tables, charts, files."""
