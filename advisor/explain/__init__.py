"""Why, and what if: reasons, changes, break-even, sensitivity, worked formulas, the record."""
