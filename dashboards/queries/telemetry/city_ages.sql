-- title: Cities and ages by revenue
-- description: Revenue of the 15 cities with most revenue, by age.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: city | City | text | the city that the person stated last
-- column: age_group | Age | text | years, as the person stated them last
-- column: revenue | Revenue | money | rubles paid, with outliers
-- column: users | Visitors | count | distinct people with an event in a period, added up over the periods
with sums as (
  select city, age_group, sum(revenue) as revenue, sum(users) as users
  from mart.telemetry_activity
  where grain = 'month' and city <> '' and (%(city)s::text is null or city = %(city)s::text)
    and category = coalesce(%(category)s::text, '')
    and (%(period_start)s::date is null
      or period_start >= date_trunc('month', %(period_start)s::date))
    and (%(period_end)s::date is null or period_start <= %(period_end)s::date)
    and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
    and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
  group by city, age_group
),
ranked as (select city, rank() over (order by sum(revenue) desc, city) as place from sums group by city)
select city, age_group, revenue, users from sums join ranked using (city)
where place <= 15 order by place, age_group
