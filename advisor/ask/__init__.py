"""What a visitor states: the workload and the assumptions, as models with bounds."""
