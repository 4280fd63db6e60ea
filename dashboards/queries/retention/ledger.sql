-- title: The ledger in words
-- description: Every decision about the models, the newest first. Rows of the ledger cannot be changed.
-- empty: No decision was made yet: run `train` and `promote`.
-- column: happened_at | Time | moment | time of the decision
-- column: model_name | Model | text | registered model
-- column: decision | Decision | text | the act with its versions
-- column: who | Decided by | text | signed-in person, or system user
-- column: reason | Reason | text | sentences of the gate or of the reviewer
select happened_at, model_name,
       case act when 'promote' then 'version ' || version || ' promoted' when 'refuse' then 'version ' || version || ' refused'
         when 'rollback' then 'rolled back to version ' || version when 'repair' then 'alias set back to version ' || version
         when 'review' then 'version ' || version || ' waits for a review'
         when 'approve' then 'version ' || version || ' approved' when 'reject' then 'version ' || version || ' rejected'
         else act || coalesce(' of version ' || version, '') end
       || coalesce(', instead of version ' || replaced_version, '') as decision, who, reason
from ops.promotions where act <> 'intent' and model_name = any (%(models)s::text[])
order by id desc
