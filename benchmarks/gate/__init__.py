"""Error rates of the gate and of the canary, by simulation."""
