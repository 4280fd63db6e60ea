-- title: Funnel
-- description: People with each step, once a month, and their share of the step before.
-- empty: Nobody and nothing matches these filters. Choose a longer period or fewer groups.
-- missing: The shop's tables do not exist yet: run `make up`, then the daily job of this project.
-- column: step | Step | text | step of a visit
-- column: people | People | count | distinct people with the step in a month, added up over the months
-- column: share_of_previous | Share of the step before | share | people / people of the step before
-- column: label | People and share | text | people, and their share of the step before
with totals as (
  select sum(users) as users, sum(view_users) as views, sum(cart_users) as carts, sum(checkout_users) as checkouts,
         sum(buyers) as buyers
  from mart.telemetry_activity
  where grain = 'month' and city = coalesce(%(city)s::text, '')
    and category = coalesce(%(category)s::text, '')
    and (%(period_start)s::date is null
      or period_start >= date_trunc('month', %(period_start)s::date))
    and (%(period_end)s::date is null or period_start <= %(period_end)s::date)
    and (%(gender)s::text[] is null or gender = any (%(gender)s::text[]))
    and (%(age)s::text[] is null or age_group = any (%(age)s::text[]))
),
steps as (
  select step, people, lag(people) over (order by place) as previous, place
  from totals, lateral (values (1, 'any event', users), (2, 'view', views), (3, 'cart', carts),
    (4, 'checkout', checkouts), (5, 'purchase', buyers)) as listed (place, step, people)
  where users is not null
)
select step, people, people::double precision / nullif(previous, 0) as share_of_previous,
       to_char(people, 'FM999,999,999,990')
         || coalesce(' (' || round(100 * people::numeric / nullif(previous, 0), 1) || '%%)', '') as label
from steps order by place
