-- title: Top reasons
-- description: The strongest reason of each person, without the number behind it: how many people have it, and how many of them are expected to leave.
-- empty: Nobody matches these filters.
-- missing: Nobody was scored yet: run the daily job of this project.
-- column: reason | Reason | text | the reason that raises the risk of a person most
-- column: people | People | count | people with this strongest reason
-- column: expected_to_leave | Expected to leave | count | sum of their probabilities of leaving
-- column: money_at_risk | Money at risk | money | expected to leave x value of a person kept
select coalesce(regexp_replace(reason_1, ' \(.*$', ''), 'no reason raises the risk') as reason, count(*) as people,
       sum(churn_probability) as expected_to_leave,
       sum(churn_probability) * %(value)s::double precision as money_at_risk
from {scores}
where score_date = (select max(score_date) from {scores})
  and (%(population)s::text[] is null or population = any (%(population)s::text[]))
  and (%(risk_decile)s::text[] is null or risk_decile::text = any (%(risk_decile)s::text[]))
group by 1 order by 3 desc limit 10
