-- title: Conversion by month and week
-- description: Buyers / visitors of the whole month, and of the weeks that begin in it. People are distinct within the month or week.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: month | Month | month | month in the shop's time zone
-- column: part | Part | text | the whole month, or a week by its number in the month
-- column: conversion | Conversion | share | buyers / visitors
-- column: users | Visitors | count | distinct people of the month or week
-- column: buyers | Buyers | count | distinct buyers of the month or week
with periods as (
  select grain, period_start, sum(users) as users, sum(buyers) as buyers
  from mart.telemetry_activity
  where grain = any (array['month', 'week']) and city = coalesce(%(city)s::text, '')
    and category = coalesce(%(category)s::text, '')
    and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
    and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
  group by grain, period_start
)
select date_trunc('month', period_start)::date as month,
       case grain when 'month' then 'month' else 'week ' || ((extract(day from period_start)::int + 6) / 7) end as part,
       buyers::double precision / nullif(users, 0) as conversion, users, buyers
from periods
where true
  and (%(period_start)s::date is null
    or date_trunc('month', period_start) >= date_trunc('month', %(period_start)s::date))
  and (%(period_end)s::date is null or date_trunc('month', period_start) <= %(period_end)s::date)
order by month, part
