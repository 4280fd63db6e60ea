-- title: Categories by month
-- description: Share of the category in the month's orders / median share of that category over all months. 2 means twice the usual share.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: month | Month | month | month in the shop's time zone
-- column: category | Category | text | category of goods
-- column: ratio | Times the usual share | number | share of the month / median share of the category over all months
-- column: share | Share of orders | share | orders of the category / orders of all categories in the month
-- column: orders | Orders | count | purchases
with monthly as (
  select period_start as month, category, sum(orders) as orders
  from mart.telemetry_activity
  where grain = 'month' and city = coalesce(%(city)s::text, '')
    and category <> ''
    and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
    and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
  group by period_start, category
),
shares as (select *, orders / nullif(sum(orders) over (partition by month), 0) as share from monthly),
usual_shares as (
  select category, percentile_cont(0.5) within group (order by share::double precision) as usual
  from shares group by category
)
select month, category, share / nullif(usual, 0) as ratio, share, orders
from shares join usual_shares using (category)
where (%(category)s::text is null or category = %(category)s::text)
  and (%(period_start)s::date is null
    or month >= date_trunc('month', %(period_start)s::date))
  and (%(period_end)s::date is null or month <= %(period_end)s::date)
order by month, category
