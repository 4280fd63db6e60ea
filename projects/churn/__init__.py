"""An online cinema: which trial and paid subscribers will leave."""
