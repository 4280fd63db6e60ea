"""Score with the Spark UDF of a registered version, then publish a day's scores to the mart in one transaction."""

from serving.feature_log import FeatureLog
from serving.local_scoring import MissingFeatureError, predict_probabilities
from serving.mart import Mart, highest_risks, published_dates, published_scores, published_versions, scored_dates
from serving.parity import ParityError, ScoringBenchmark, benchmark_scoring
from serving.publish import PopulationScores, publish, remove_earlier_scores
from serving.retention import Retention
from serving.rollups import RollupError, Rollups, replace_rollups
from serving.score import ALL_REASONS, ReasonRule, ScoreFiles, ScoringError, score_population
from serving.udf import SignatureGap, signature_gap

__all__ = [
    "ALL_REASONS",
    "FeatureLog",
    "Mart",
    "MissingFeatureError",
    "ParityError",
    "PopulationScores",
    "ReasonRule",
    "Retention",
    "RollupError",
    "Rollups",
    "ScoreFiles",
    "ScoringBenchmark",
    "ScoringError",
    "SignatureGap",
    "benchmark_scoring",
    "highest_risks",
    "predict_probabilities",
    "publish",
    "published_dates",
    "published_scores",
    "published_versions",
    "remove_earlier_scores",
    "replace_rollups",
    "score_population",
    "scored_dates",
    "signature_gap",
]
