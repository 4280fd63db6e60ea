"""What a project declares: features, labels, contracts, populations, ready tables."""
