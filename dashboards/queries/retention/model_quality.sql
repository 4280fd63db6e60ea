-- title: ROC-AUC by score date
-- description: ROC-AUC of scores whose outcomes are known now, with its 95% interval.
-- empty: No scored day has matured yet: its outcomes are not known.
-- column: score_date | Score date | date | date of the scores
-- column: population | Population | text | name of the population
-- column: model_name | Model | text | registered model
-- column: model_version | Version | text | version that made the scores
-- column: rows | People | count | people with a known outcome
-- column: left_count | Left | count | people who left
-- column: auc | ROC-AUC | coefficient | probability that a leaver has a higher score than a stayer
-- column: auc_low | ROC-AUC, low | coefficient | lower end of the 95% interval
-- column: auc_high | ROC-AUC, high | coefficient | upper end of the 95% interval
-- column: log_loss | Log-loss | coefficient | mean negative log-likelihood of the outcomes
-- column: calibration_error | Calibration error | coefficient | mean distance of predicted and observed shares in ten bins
select score_date, population, model_name, model_version, rows, left_count, auc, auc_low, auc_high, log_loss,
       calibration_error
from ops.model_quality where model_name = any (%(models)s::text[])
  and (%(population)s::text[] is null or population = any (%(population)s::text[]))
order by score_date, model_name, model_version
