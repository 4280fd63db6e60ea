-- title: Sales by gender
-- description: People count once a month.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: gender | Gender | text | F or M as the person stated it last
-- column: revenue | Revenue | money | rubles paid, with outliers
-- column: orders | Orders | count | purchases
-- column: average_check | Average check | money | revenue / orders
-- column: users | Visitors | count | distinct people with an event in a period, added up over the periods
-- column: buyers | Buyers | count | distinct people with a purchase in a period, added up over the periods
-- column: conversion | Conversion | share | buyers / visitors
-- column: arpu | ARPU | money | revenue / visitors, each visitor once a period
-- column: arppu | ARPPU | money | revenue / buyers, each buyer once a period
select gender,
       sum(revenue) as revenue,
       sum(orders) as orders,
       sum(revenue) / nullif(sum(orders), 0) as average_check,
       sum(users) as users,
       sum(buyers) as buyers,
       sum(buyers)::double precision / nullif(sum(users), 0) as conversion,
       sum(revenue) / nullif(sum(users), 0) as arpu,
       sum(revenue) / nullif(sum(buyers), 0) as arppu
from mart.telemetry_activity
where grain = 'month' and city = coalesce(%(city)s::text, '')
  and category = coalesce(%(category)s::text, '')
  and (%(period_start)s::date is null
    or period_start >= date_trunc('month', %(period_start)s::date))
  and (%(period_end)s::date is null or period_start <= %(period_end)s::date)
  and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
  and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
group by gender order by gender
