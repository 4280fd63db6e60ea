"""The logistic family on a column of many words, against the defaults of scikit-learn."""

from benchmarks.models.families import LIBRARIES, MAX_LOSS, draw_calls, fold_aucs, score_with_family, score_with_library


def test_many_words_in_one_column_cost_the_logistic_family_nothing():
    table = draw_calls(2_000, 1)
    ours = fold_aucs(table, lambda rows, labels, test: score_with_family("logistic", rows, labels, test), 1).mean()
    for model in LIBRARIES["logistic"].values():
        assert ours > fold_aucs(table, score_with_library(model), 1).mean() - MAX_LOSS
