-- title: Today in figures
-- description: People of the latest score date. Money at risk is the expected number of leavers times the value of a person kept, as the project assumes it.
-- empty: Nobody was scored yet: run the daily job of this project.
-- missing: Nobody was scored yet: run the daily job of this project.
-- column: score_date | Date of the scores | date | the scores use what was known at 00:00 of this date
-- column: people | People scored | count | people of the chosen populations and deciles
-- column: expected_to_leave | Expected to leave | count | sum of the calibrated probabilities of leaving
-- column: mean_probability | Mean probability | share | mean of the calibrated probabilities of leaving
-- column: money_at_risk | Money at risk | money | expected to leave x value of a person kept, in the project's currency
-- column: currency | Currency | text | currency of the project's costs
select max(score_date) as score_date, count(*) as people, sum(churn_probability) as expected_to_leave,
       avg(churn_probability) as mean_probability,
       sum(churn_probability) * %(value)s::double precision as money_at_risk, %(currency)s::text as currency
from {scores}
where score_date = (select max(score_date) from {scores})
  and (%(population)s::text[] is null or population = any (%(population)s::text[]))
  and (%(risk_decile)s::text[] is null or risk_decile::text = any (%(risk_decile)s::text[]))
having count(*) > 0
