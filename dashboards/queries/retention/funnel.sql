-- title: From delivery to response
-- description: Different people of the chosen campaigns who got a message, opened it, and clicked. The share is of the step before.
-- empty: No platform has reported a message of these campaigns yet.
-- missing: This project declares no actions, so it has no campaigns (docs/actions.md).
-- column: step | Step | text | delivered, opened or clicked
-- column: people | People | count | different people with this step
-- column: share | Share of the step before | share | people of this step / people of the step before
-- column: text | Text | text | people and share as text
with reached as (
  select reaction, count(*) as people from (
    select distinct r.reaction, r.campaign, r.entity from ops.reactions r
    where r.project = %(project)s and (%(campaign)s::text[] is null or r.campaign = any (%(campaign)s::text[]))
  ) as person group by reaction
), steps as (
  select s.place, s.step, coalesce(r.people, 0) as people
  from (values (1, 'delivered'), (2, 'opened'), (3, 'clicked')) as s (place, step)
  left join reached r on r.reaction = s.step
), shares as (
  select place, step, people, people / nullif(lag(people) over (order by place), 0)::double precision as share from steps
)
select step, people, share,
       to_char(people, 'FM999,999,999,990') || coalesce(' · ' || to_char(100 * share, 'FM990.0') || '%%', '') as text
from shares where (select max(people) from steps) > 0 order by place
