-- title: Expected leavers by decile of risk
-- description: Sum of the calibrated probabilities in each decile. Deciles are computed within date and population; 10 is the most likely to leave.
-- empty: Nobody matches these filters.
-- missing: Nobody was scored yet: run the daily job of this project.
-- column: risk_decile | Decile of risk | count | 10 most likely, 1 least likely to leave
-- column: people | People | count | people in the decile
-- column: expected_to_leave | Expected to leave | count | sum of the calibrated probabilities of leaving
-- column: mean_probability | Mean probability | share | mean of the calibrated probabilities of leaving
-- column: money_at_risk | Money at risk | money | expected to leave x value of a person kept, in the project's currency
select risk_decile, count(*) as people, sum(churn_probability) as expected_to_leave,
       avg(churn_probability) as mean_probability,
       sum(churn_probability) * %(value)s::double precision as money_at_risk
from {scores}
where score_date = (select max(score_date) from {scores})
  and (%(population)s::text[] is null or population = any (%(population)s::text[]))
  and (%(risk_decile)s::text[] is null or risk_decile::text = any (%(risk_decile)s::text[]))
group by risk_decile order by risk_decile
