-- title: Lift by action and segment
-- description: All campaigns together. The p-value is corrected within actions and within segments (Benjamini and Hochberg).
-- empty: No campaign was measured yet: run `lift` of this project.
-- column: part | Action or segment | text | the action, or the range of a declared segment
-- column: treated | Treated | count | treated people with a known outcome
-- column: control | Control group | count | people of the control group with a known outcome
-- column: lift | Lift | points | retention of the treated minus retention of the control group
-- column: lift_low | Lift, low | points | lower end of the 95% interval
-- column: lift_high | Lift, high | points | upper end of the 95% interval
-- column: adjusted_p_value | p-value, corrected | coefficient | two-sided, of no difference
-- column: conclusion | Conclusion | text | better, harmed, no difference, or too few people
select case when action = 'all' then segment else action end as part, treated, control, lift, lift_low, lift_high,
       adjusted_p_value, conclusion
from mart.campaign_lift
where project = %(project)s and campaign = 'all campaigns' and comparison = 'campaign control'
  and (action <> 'all' or segment <> 'all') and lift is not null
order by (action = 'all'), part
