-- title: Categories by child's age
-- description: Share of each category in the revenue of people with a youngest child of that age.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: child_group | Child's age | text | age of the youngest child in years
-- column: category | Category | text | category of goods
-- column: share | Share of revenue | share | revenue of the category / revenue of the group
-- column: revenue | Revenue | money | rubles paid, with outliers
-- column: orders | Orders | count | purchases
with sums as (
  select child_group, category, sum(revenue) as revenue, sum(orders) as orders
  from mart.telemetry_children
  where city = coalesce(%(city)s::text, '') and (%(category)s::text is null or category = %(category)s::text)
    and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
    and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
    and (%(period_start)s::date is null
      or month >= date_trunc('month', %(period_start)s::date))
    and (%(period_end)s::date is null or month <= %(period_end)s::date)
  group by child_group, category
)
select child_group, category, revenue / nullif(sum(revenue) over (partition by child_group), 0) as share, revenue,
       orders
from sums order by array_position(array['0-2', '3-6', '7-11', '12+', 'no child'], child_group), category
