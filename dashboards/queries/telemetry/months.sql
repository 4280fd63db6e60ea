-- title: Value by month
-- description: Revenue a day of the month, without outliers. Usual value: median of the three months before and the three after. A month is marked if it is more than 3.5 robust standard deviations and 15% above it; a seasonal peak is marked too.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: month | Month | month | month in the shop's time zone
-- column: value | Revenue without outliers | money | rubles a day, without values flagged by their z-score
-- column: usual | Usual value | money | median of the three months before and the three after, a day
-- column: score | Robust z-score | number | as for days, over months
-- column: year_before | A year before | money | the same month a year before, a day
-- column: is_marked | Marked | text | yes if above the threshold
with monthly as (
  select period_start as month, sum(revenue - outlier_revenue)
           / extract(day from period_start + interval '1 month' - interval '1 day')::double precision as value
  from mart.telemetry_activity
  where grain = 'month' and city = coalesce(%(city)s::text, '')
    and category = coalesce(%(category)s::text, '')
    and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
    and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
  group by period_start
),
usual_values as (
  select this.month, this.value, percentile_cont(0.5) within group (order by other.value) as usual
  from monthly as this
  join monthly as other on other.month <> this.month
  where other.month between this.month - interval '3 months' and this.month + interval '3 months'
  group by this.month, this.value
),
ratios as (select *, ln((value + 1) / (usual + 1)) as ratio from usual_values),
middles as (select percentile_cont(0.5) within group (order by ratio) as middle from ratios),
spreads as (
  select middle, 1.4826 * percentile_cont(0.5) within group (order by abs(ratio - middle)) as spread
  from ratios, middles group by middle
),
scored as (select *, (ratio - middle) / nullif(spread, 0) as score from ratios, spreads)
select scored.month, scored.value, usual, score, before.value as year_before,
       case when score > 3.5 and scored.value > 1.15 * usual then 'yes' else 'no' end as is_marked
from scored left join monthly as before on before.month = scored.month - interval '1 year'
where true
  and (%(period_start)s::date is null
    or scored.month >= date_trunc('month', %(period_start)s::date))
  and (%(period_end)s::date is null or scored.month <= %(period_end)s::date)
order by scored.month
