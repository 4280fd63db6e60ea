"""Who the subscribers are: profiles, devices, moods, campaigns, titles."""
