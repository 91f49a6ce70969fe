"""Scripts for the set-up."""
