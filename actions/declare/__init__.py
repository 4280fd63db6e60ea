"""What a project declares about its contacts: channels, offers, actions, control groups, costs."""
