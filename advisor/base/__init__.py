"""What every wing stands on: errors, how figures are written, ids. It imports nothing of the project."""
