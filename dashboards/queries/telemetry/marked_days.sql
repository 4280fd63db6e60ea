-- title: Marked days
-- description: Usual value: median of the same weekday in the four weeks before and after. A day is marked if its value is more than 3.5 robust standard deviations and 30% above the usual one. Flagged outliers are left out.
-- empty: No day of the period is above its threshold.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: x | Day | date | marked day
-- column: label | Times the usual | text | value / usual
-- column: value | Revenue without outliers | money | rubles paid, without values flagged by their z-score
-- column: usual | Usual value | money | median of the same weekday in the four weeks before and after
-- column: score | Robust z-score | number | logarithm of value / usual, in robust standard deviations (1.4826 x median absolute deviation of all days)
with daily as (
  select period_start as day, sum(revenue - outlier_revenue) as value
  from mart.telemetry_activity
  where grain = 'day' and city = coalesce(%(city)s::text, '')
    and category = coalesce(%(category)s::text, '')
    and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
    and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
  group by period_start
),
calendar as (
  select series::date as day, coalesce(value, 0) as value
  from generate_series((select min(day) from daily), (select max(day) from daily), interval '1 day') as series
  left join daily on daily.day = series::date
),
usual_values as (
  select this.day, this.value, percentile_cont(0.5) within group (order by other.value) as usual
  from calendar as this
  cross join (values (-28), (-21), (-14), (-7), (7), (14), (21), (28)) as steps (step)
  join calendar as other on other.day = this.day + step
  group by this.day, this.value
),
ratios as (select *, ln((value + 1) / (usual + 1)) as ratio from usual_values),
middles as (select percentile_cont(0.5) within group (order by ratio) as middle from ratios),
spreads as (
  select middle, 1.4826 * percentile_cont(0.5) within group (order by abs(ratio - middle)) as spread
  from ratios, middles group by middle
),
scored as (select day, value, usual, (ratio - middle) / nullif(spread, 0) as score, middle, spread from ratios, spreads)
select day as x, 'x' || round((value / nullif(usual, 0))::numeric, 1) as label, value, usual, score
from scored
where score > 3.5 and value > 1.3 * usual and (%(period_start)s::date is null or day >= %(period_start)s::date)
  and (%(period_end)s::date is null or day <= %(period_end)s::date)
order by day
