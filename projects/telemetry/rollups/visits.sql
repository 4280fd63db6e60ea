-- One row per session and category of it; '' is for the session itself. A session ends where a person does nothing
-- for more than 30 minutes.
with gaps as (
  select
    person_id, happened_at, action, category,
    lag(happened_at) over (partition by person_id order by happened_at) as previous_at
  from events
),
numbered as (
  select
    *,
    sum(int(previous_at is null or timestampdiff(millisecond, previous_at, happened_at) > 1800000))
      over (partition by person_id order by happened_at) as number
  from gaps
),
whole as (
  select
    person_id,
    to_date(date_trunc('month', min(happened_at))) as month,
    timestampdiff(millisecond, min(happened_at), max(happened_at)) / 1000.0 as seconds,
    count(*) as events,
    max(int(action = 'cart')) as has_cart,
    max(int(action = 'purchase')) as has_purchase,
    collect_set(coalesce(category, 'unknown')) as categories
  from numbered
  group by person_id, number
)
select person_id, month, seconds, events, has_cart, has_purchase, '' as category from whole
union all
select person_id, month, seconds, events, has_cart, has_purchase, explode(categories) as category from whole
