-- title: Conversion
-- description: Buyers / visitors. Both are distinct people of the day, week or month, counted exactly before.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: period_start | Period | date | first day of the day, week or month
-- column: conversion | Conversion | share | buyers / visitors
-- column: buyers | Buyers | count | distinct people with a purchase in a period, added up over the periods
-- column: users | Visitors | count | distinct people with an event in a period, added up over the periods
select period_start,
       sum(buyers)::double precision / nullif(sum(users), 0) as conversion,
       sum(buyers) as buyers,
       sum(users) as users
from mart.telemetry_activity
where grain = coalesce(%(scale)s::text, 'month') and city = coalesce(%(city)s::text, '')
  and category = coalesce(%(category)s::text, '')
  and (%(period_start)s::date is null
    or period_start >= date_trunc(coalesce(%(scale)s::text, 'month'), %(period_start)s::date))
  and (%(period_end)s::date is null or period_start <= %(period_end)s::date)
  and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
  and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
group by period_start order by period_start
