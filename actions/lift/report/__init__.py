"""What readers of lift get: the mart, pictures and a page."""
