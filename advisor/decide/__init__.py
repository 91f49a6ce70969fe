"""The decision: plans for a workload, what rules say of them, the evidence, the recommendation."""
