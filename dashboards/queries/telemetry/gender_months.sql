-- title: Value by gender
-- description: Revenue a month by gender, without outliers.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: month | Month | month | month in the shop's time zone
-- column: gender | Gender | text | F or M as the person stated it last
-- column: value | Revenue without outliers | money | rubles paid, without values flagged by their z-score
select period_start as month, gender, sum(revenue - outlier_revenue) as value
from mart.telemetry_activity
where grain = 'month' and city = coalesce(%(city)s::text, '')
  and category = coalesce(%(category)s::text, '')
  and (%(period_start)s::date is null
    or period_start >= date_trunc('month', %(period_start)s::date))
  and (%(period_end)s::date is null or period_start <= %(period_end)s::date)
  and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
  and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
group by period_start, gender order by period_start, gender
