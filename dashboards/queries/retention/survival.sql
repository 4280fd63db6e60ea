-- title: Survival by length of the first period
-- description: Share of all people that were active after each 30 days, by the length of their first paid period. Cohorts that have not matured are not in a point.
-- empty: No cohort was counted yet: run `features` of this project with this release. A project with a ready table has no cohorts.
-- column: step | Months after joining | count | 30 days times this after joining
-- column: plan | First period | text | length of the first paid period
-- column: people | People | count | people of matured cohorts
-- column: active | Active | count | of these, people within a period on that day
-- column: retention | Retention | share | active / people
select step, case plan_months when 0 then 'all people' when 1 then '1 month' else plan_months || ' months' end as plan,
       sum(people) as people, sum(active) as active, sum(active) / sum(people)::double precision as retention
from mart.cohorts where project = %(project)s and (%(plan)s::text[] is null or plan_months::text = any (%(plan)s::text[]))
group by plan_months, step having sum(people) >= 30 order by plan_months, step
