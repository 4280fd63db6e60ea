-- title: Lift of campaigns
-- description: Whole campaigns against the control group of the campaign. The interval has 95% confidence; lift is surely above zero only if all of it is.
-- empty: No campaign was measured yet: run `lift` of this project.
-- column: campaign | Campaign | text | campaign; all campaigns is the estimate from the rows of all campaigns together
-- column: matures_on | Matures on | date | first day on which all outcomes are known
-- column: treated | Treated | count | treated people with a known outcome
-- column: control | Control group | count | people of the control group with a known outcome
-- column: lift | Lift | points | retention of the treated minus retention of the control group
-- column: lift_low | Lift, low | points | lower end of the 95% interval
-- column: lift_high | Lift, high | points | upper end of the 95% interval
-- column: people_kept | People kept | number | lift x treated people
-- column: money | Money | money | value of a person x people kept - cost, in the currency of the campaign
-- column: money_low | Money, low | money | lower end of the 95% interval
-- column: money_high | Money, high | money | upper end of the 95% interval
-- column: cost | Cost | money | expected cost of contacts and offers
-- column: currency | Currency | text | currency of money and cost
-- column: verdict | Verdict | text | the conclusion as a sentence
select campaign, matures_on, treated, control, lift, lift_low, lift_high, people_kept, money, money_low, money_high, cost,
       currency, verdict
from mart.campaign_lift
where project = %(project)s and action = 'all' and segment = 'all' and comparison = 'campaign control'
  and lift is not null and (%(campaign)s::text[] is null or campaign = any (%(campaign)s::text[]))
order by (campaign = 'all campaigns'), matures_on, campaign
