-- title: Average check
-- description: Revenue / orders of each day, week or month.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: period_start | Period | date | first day of the day, week or month
-- column: average_check | Average check | money | revenue / orders
-- column: orders | Orders | count | purchases
-- column: revenue | Revenue | money | rubles paid, with outliers
select period_start,
       sum(revenue) / nullif(sum(orders), 0) as average_check,
       sum(orders) as orders,
       sum(revenue) as revenue
from mart.telemetry_activity
where grain = coalesce(%(scale)s::text, 'month') and city = coalesce(%(city)s::text, '')
  and category = coalesce(%(category)s::text, '')
  and (%(period_start)s::date is null
    or period_start >= date_trunc(coalesce(%(scale)s::text, 'month'), %(period_start)s::date))
  and (%(period_end)s::date is null or period_start <= %(period_end)s::date)
  and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
  and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
group by period_start order by period_start
