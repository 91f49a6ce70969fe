"""What is said of a family and its variants: facts, prices, scores, listing, FAQ, when to use."""
