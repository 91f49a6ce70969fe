"""What runs models for a visitor: demos, speed, judged data, token counts, the sample corpus."""
