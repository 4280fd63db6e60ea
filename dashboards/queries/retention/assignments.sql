-- title: Groups of campaigns
-- description: People by the group that chance drew for them. Nobody of a control group is contacted.
-- empty: No campaign was assigned by this project yet.
-- missing: This project declares no actions, so it has no campaigns (docs/actions.md).
-- column: campaign | Campaign | text | campaign
-- column: arm | Group | text | control group, exploring people, or people of the policy
-- column: people | People | count | people assigned to the group
-- column: planned | With a planned contact | count | people with at least one planned contact
-- column: accepted | Handed over | count | people with a contact that the platform accepted
select a.campaign, a.arm, count(*) as people, count(o.entity) as planned, count(o.entity) filter (where o.is_accepted) as accepted
from ops.assignments a left join (
  select campaign, entity, bool_or(state = 'accepted') as is_accepted from ops.outbox where project = %(project)s group by 1, 2
) o on o.campaign = a.campaign and o.entity = a.entity
where a.project = %(project)s and (%(campaign)s::text[] is null or a.campaign = any (%(campaign)s::text[]))
group by 1, 2 order by 1 desc, 2
