"""The gate and the watch: how often they are right, by simulation."""
