-- title: Trend of a cell
-- description: Retention after a number of months, by month of joining. Dotted lines are promotions of models.
-- empty: No cohort was counted yet: run `features` of this project with this release. A project with a ready table has no cohorts.
-- column: joined_month | Joined in | date | first day of the month of joining
-- column: after | After | text | months after joining
-- column: people | People | count | people who joined in the month
-- column: active | Active | count | of these, people within a period on that day
-- column: retention | Retention | share | active / people
select joined_month, step || case step when 1 then ' month' else ' months' end as after, sum(people) as people,
       sum(active) as active, sum(active) / sum(people)::double precision as retention
from mart.cohorts where project = %(project)s and step in (1, 3, 6, 12) and (%(plan)s::text[] is null or plan_months::text = any (%(plan)s::text[]))
group by joined_month, step order by step, joined_month
