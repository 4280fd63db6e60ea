-- title: Outliers by category
-- description: Purchases with a value more than 3 standard deviations from the mean of their category (z-score). They are flagged, not deleted.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: category | Category | text | category of goods
-- column: outliers | Outliers | count | flagged purchases
-- column: outlier_share | Share of orders | share | flagged purchases / orders
-- column: outlier_revenue | Their revenue | money | rubles of flagged purchases
-- column: revenue_share | Share of revenue | share | revenue of flagged purchases / revenue
select category, sum(outliers) as outliers, sum(outliers)::double precision / nullif(sum(orders), 0) as outlier_share,
       sum(outlier_revenue) as outlier_revenue, sum(outlier_revenue) / nullif(sum(revenue), 0) as revenue_share
from mart.telemetry_activity
where grain = 'month' and city = coalesce(%(city)s::text, '')
  and category <> '' and (%(category)s::text is null or category = %(category)s::text)
  and (%(period_start)s::date is null
    or period_start >= date_trunc('month', %(period_start)s::date))
  and (%(period_end)s::date is null or period_start <= %(period_end)s::date)
  and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
  and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
group by category order by sum(outlier_revenue) desc
