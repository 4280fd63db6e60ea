-- title: Cities
-- description: Cities by revenue. A city without coordinates is in this table, but not on the map.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: city | City | text | the city that the person stated last
-- column: revenue | Revenue | money | rubles paid, with outliers
-- column: orders | Orders | count | purchases
-- column: average_check | Average check | money | revenue / orders
-- column: users | Visitors | count | distinct people with an event in a period, added up over the periods
-- column: conversion | Conversion | share | buyers / visitors
-- column: arpu | ARPU | money | revenue / visitors, each visitor once a period
-- column: on_map | On the map | text | yes if the city has coordinates
with by_city as (
  select city,
         sum(revenue) as revenue,
         sum(orders) as orders,
         sum(revenue) / nullif(sum(orders), 0) as average_check,
         sum(users) as users,
         sum(buyers)::double precision / nullif(sum(users), 0) as conversion,
         sum(revenue) / nullif(sum(users), 0) as arpu
  from mart.telemetry_activity
  where grain = 'month' and city <> '' and (%(city)s::text is null or city = %(city)s::text)
    and category = coalesce(%(category)s::text, '')
    and (%(period_start)s::date is null
      or period_start >= date_trunc('month', %(period_start)s::date))
    and (%(period_end)s::date is null or period_start <= %(period_end)s::date)
    and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
    and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
  group by city
)
select by_city.city, revenue, orders, average_check, users, conversion, arpu,
       case when coordinates.city is null then 'no' else 'yes' end as on_map
from by_city left join mart.telemetry_coordinates as coordinates on coordinates.city = by_city.city
order by revenue desc, by_city.city
