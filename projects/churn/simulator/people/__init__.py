"""The subscribers: profiles, devices, weekly engagement and discontent."""
