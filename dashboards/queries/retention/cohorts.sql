-- title: Retention by month of joining
-- description: Share of the people who joined in a month that were active after each 30 days: within a paid period, or, without a contract, within the label's horizon after an event. A cell stays empty until its day has passed for everybody of the month.
-- empty: No cohort was counted yet: run `features` of this project with this release. A project with a ready table has no cohorts.
-- column: joined_month | Joined in | month | month in which the first period began
-- column: step | Months after joining | count | 30 days times this after joining
-- column: people | People | count | people who joined in the month
-- column: active | Active | count | of these, people within a period on that day
-- column: retention | Retention | share | active / people
select joined_month, step, sum(people) as people, sum(active) as active,
       sum(active) / sum(people)::double precision as retention
from mart.cohorts where project = %(project)s and (%(plan)s::text[] is null or plan_months::text = any (%(plan)s::text[]))
  and step <= 18
group by 1, 2 order by 1, 2
