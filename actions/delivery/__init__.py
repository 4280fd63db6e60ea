"""Hand-over of planned contacts to a platform, each once; what the platform reports back; and whether both agree."""
