"""An online cinema: which trial and paid subscribers are about to leave."""
