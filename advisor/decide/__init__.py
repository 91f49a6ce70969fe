"""The decision: plans for a workload, what the rules say of them, the evidence, and the recommendation."""
