-- title: Campaigns
-- description: Campaigns with a measured lift.
-- empty: No campaign was measured yet: run `lift` of this project.
-- column: value | Campaign | text | campaign
-- column: label | Campaign | text | campaign
select distinct campaign as value, campaign as label from mart.campaign_lift where project = %(project)s order by 1
