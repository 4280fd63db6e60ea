"""Steps of response models: names of the models, learning from experiments, measurements of a promotion."""
