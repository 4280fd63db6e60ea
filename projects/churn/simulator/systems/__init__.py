"""The exports of each system, and the drops in which they arrive."""
