"""The gate: evidence, policy, measurements and checks, and the decision."""
