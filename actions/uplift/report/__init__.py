"""Pictures and model card of a response model."""
