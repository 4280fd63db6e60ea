-- title: Lengths of the first period
-- description: Lengths of the first paid period.
-- empty: No cohort was counted yet: run `features` of this project with this release. A project with a ready table has no cohorts.
-- column: value | Months | text | months of the first period
-- column: label | First period | text | length of the first paid period
select plan_months::text as value, case plan_months when 0 then 'all people' when 1 then '1 month' else plan_months || ' months' end as label
from mart.cohorts where project = %(project)s group by plan_months order by plan_months
