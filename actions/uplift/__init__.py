"""Response models: whom an action keeps, learnt from randomised assignments only."""
