"""Steps of the action loop: response models, the plan of a day, hand-over."""
