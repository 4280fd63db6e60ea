-- title: Predicted and observed share of leavers
-- description: Mean of the calibrated probabilities of each matured score date, and the share that left. Close lines mean calibrated scores.
-- empty: No scored day has matured yet: its outcomes are not known.
-- missing: Nobody was scored yet: run the daily job of this project.
-- column: score_date | Score date | date | date of the scores
-- column: people | People | count | people with a known outcome
-- column: predicted | Predicted | share | mean calibrated probability of leaving
-- column: observed | Observed | share | share of people who left
select q.score_date, sum(q.rows) as people,
       (select avg(churn_probability) from {scores} s where s.score_date = q.score_date
          and (%(population)s::text[] is null or s.population = any (%(population)s::text[]))) as predicted,
       sum(q.left_count) / sum(q.rows)::double precision as observed
from ops.model_quality q
where q.model_name = any (%(models)s::text[])
  and (%(population)s::text[] is null or q.population = any (%(population)s::text[]))
group by q.score_date order by q.score_date
