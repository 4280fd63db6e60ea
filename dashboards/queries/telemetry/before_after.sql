-- title: Before and after a campaign's date
-- description: Days before the date against as many days from the date on. It shows a difference, not its cause: use a control group to measure an effect.
-- empty: No day around this date has an event. Write the first day of a campaign as 2025-03-01.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: measure | Measure | text | measure
-- column: before | Before | number | value of the days before the date
-- column: after | After | number | value of the days from the date on
-- column: change | Change | share | after / before - 1
with campaign as (
  select case when pg_input_is_valid(%(campaign_date)s::text, 'date') then %(campaign_date)s::text::date end
           as starts_on,
         coalesce(%(campaign_days)s::text, '14')::int as days
),
sums as (
  select period_start >= starts_on as is_after, days::double precision as days, sum(revenue) as revenue,
         sum(orders)::double precision as orders, sum(users)::double precision as users,
         sum(buyers)::double precision as buyers
  from campaign join mart.telemetry_activity
    on period_start >= starts_on - days and period_start < starts_on + days
  where grain = 'day' and city = coalesce(%(city)s::text, '') and category = coalesce(%(category)s::text, '')
    and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
    and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
  group by period_start >= starts_on, days
)
select measure, max(value) filter (where not is_after) as before, max(value) filter (where is_after) as after,
       max(value) filter (where is_after) / nullif(max(value) filter (where not is_after), 0) - 1 as change
from sums, lateral (values (1, 'revenue a day', revenue / days), (2, 'orders a day', orders / days),
    (3, 'average check', revenue / nullif(orders, 0)), (4, 'visitors a day', users / days),
    (5, 'conversion of a day, %%', 100 * buyers / nullif(users, 0)),
    (6, 'ARPU of a day', revenue / nullif(users, 0))) as listed (place, measure, value)
group by place, measure order by place
