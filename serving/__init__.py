"""Score through the Spark UDF, then publish the mart: all of a day or nothing."""

from serving.feature_log import Logged
from serving.local_scoring import LostFeatureError, probabilities
from serving.mart import Mart, current_top, dates_of, published_dates, published_scores, published_versions
from serving.parity import ParityError, Usable, usable
from serving.publish import Published, publish
from serving.score import Scored, ScoringError, score
from serving.udf import lacking

__all__ = [
    "Logged",
    "LostFeatureError",
    "Mart",
    "ParityError",
    "Published",
    "Scored",
    "ScoringError",
    "Usable",
    "current_top",
    "dates_of",
    "lacking",
    "probabilities",
    "publish",
    "published_dates",
    "published_scores",
    "published_versions",
    "score",
    "usable",
]
