"""What every wing stands on: errors, figures, ids, rows. It imports nothing of the project."""
