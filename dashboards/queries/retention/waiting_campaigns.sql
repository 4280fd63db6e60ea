-- title: Campaigns that wait for outcomes
-- description: Campaigns whose outcomes are not all known yet; they have no lift so far.
-- empty: Every campaign has its outcomes.
-- column: campaign | Campaign | text | campaign
-- column: matures_on | Matures on | date | first day on which all outcomes are known
-- column: treated | Treated | count | people assigned to an action
-- column: control | Control group | count | people of the control group
-- column: pending | Waiting | count | people whose outcome is not known yet
-- column: verdict | State | text | the conclusion so far
select campaign, matures_on, treated, control, pending, verdict from mart.campaign_lift
where project = %(project)s and action = 'all' and segment = 'all' and comparison = 'campaign control' and lift is null
  and (%(campaign)s::text[] is null or campaign = any (%(campaign)s::text[]))
order by matures_on, campaign
