-- title: Categories by audience
-- description: Share of each category in the revenue of a group of gender and age.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: category | Category | text | category of goods
-- column: audience | Audience | text | gender and age
-- column: share | Share of the audience's revenue | share | revenue of the category / revenue of all categories shown, within the audience
-- column: revenue | Revenue | money | rubles paid, with outliers
with sums as (
  select category, gender || ' ' || age_group as audience, sum(revenue) as revenue
  from mart.telemetry_activity
  where grain = 'month' and city = coalesce(%(city)s::text, '')
    and category <> '' and (%(category)s::text is null or category = %(category)s::text)
    and (%(period_start)s::date is null
      or period_start >= date_trunc('month', %(period_start)s::date))
    and (%(period_end)s::date is null or period_start <= %(period_end)s::date)
    and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
    and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
  group by category, gender, age_group
)
select category, audience, revenue / nullif(sum(revenue) over (partition by audience), 0) as share, revenue
from sums order by category, audience
