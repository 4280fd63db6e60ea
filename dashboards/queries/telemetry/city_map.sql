-- title: Map of cities
-- description: Cities at their coordinates; the size of a point is its revenue. A city has its name where no city with more revenue is near. The table of cities also has those without coordinates.
-- empty: No city of these filters has coordinates.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: city | City | text | the city that the person stated last
-- column: revenue | Revenue | money | rubles paid, with outliers
-- column: orders | Orders | count | purchases
-- column: average_check | Average check | money | revenue / orders
-- column: users | Visitors | count | distinct people with an event in a period, added up over the periods
-- column: conversion | Conversion | share | buyers / visitors
-- column: arpu | ARPU | money | revenue / visitors, each visitor once a period
-- column: label | Name | text | the city, where no city with more revenue is within 8 degrees east or west and 2 north or south
-- column: latitude | Latitude | number | degrees north; empty: the city is not on the map
-- column: longitude | Longitude | number | degrees east; empty: the city is not on the map
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
),
placed as (
  select by_city.*, latitude, longitude
  from by_city join mart.telemetry_coordinates as coordinates on coordinates.city = by_city.city
)
select city, revenue, orders, average_check, users, conversion, arpu,
       case when not exists (
         select from placed as larger
         where (larger.revenue, larger.city) > (placed.revenue, placed.city)
           and abs(larger.longitude - placed.longitude) < 8 and abs(larger.latitude - placed.latitude) < 2
       ) then city else '' end as label, latitude, longitude
from placed
order by revenue desc
