-- title: Releases of models
-- description: Days on which a version went into production, from the ledger.
-- empty: No model was promoted yet.
-- column: x | Day | date | day of the promotion
-- column: label | Release | text | model and version
select happened_at::date as x, string_agg(model_name || ' ' || version, ', ' order by model_name) as label
from ops.promotions where act in ('promote', 'approve', 'rollback') and model_name = any (%(models)s::text[])
group by 1 order by 1
