"""Why, and what if: reasons, what would change the answer, break-even, sensitivity, the worked formula, the record."""
