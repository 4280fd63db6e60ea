"""Reports of a training: pictures, model card, run note, MLflow logging."""
