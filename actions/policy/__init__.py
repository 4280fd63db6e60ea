"""The policy: which action each person gets within budget and capacities, what that is worth, and the day's plan."""
