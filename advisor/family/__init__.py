"""What is said of a family and its variants: facts, prices, scores, the listing, the FAQ, when to use which."""
