"""Rules: an expression over plan and workload columns, with true, false and unknown."""
