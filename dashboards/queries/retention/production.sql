-- title: Versions in production
-- description: The last promotion or rollback of each model in the ledger.
-- empty: No model was promoted yet: run `train` and `promote`.
-- column: model_name | Model | text | registered model
-- column: version | Version | text | version in production
-- column: happened_at | In production since | moment | time of the decision
-- column: who | Decided by | text | signed-in person, or system user
-- column: act | Decision | text | promotion, approval, rollback or repair
-- column: auc | ROC-AUC out of time | coefficient | lower end of the interval that the gate measured
select distinct on (model_name) model_name, version, happened_at, who, act,
       (select (c ->> 'value')::double precision from jsonb_array_elements(
          case jsonb_typeof(decision -> 'checks') when 'array' then decision -> 'checks' else '[]' end) c
        where c ->> 'name' = 'auc' limit 1) as auc
from ops.promotions
where act in ('promote', 'approve', 'rollback', 'repair') and model_name = any (%(models)s::text[])
order by model_name, id desc
