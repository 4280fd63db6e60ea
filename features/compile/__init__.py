"""From declarations to SQL: windows, contracts, labels and the plan that joins them."""
