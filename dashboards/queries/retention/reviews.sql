-- title: Reviews that wait
-- description: Versions that the gate accepted and that a reviewer has to approve or reject.
-- empty: No review waits.
-- column: model_name | Model | text | registered model
-- column: version | Version | text | version under review
-- column: happened_at | Waits since | moment | time at which the review was opened
-- column: who | Opened by | text | person or job that opened it
-- column: reason | Sentences of the gate | text | all checks in words
select p.model_name, p.version, p.happened_at, p.who, p.reason from ops.promotions p
where p.act = 'review' and p.model_name = any (%(models)s::text[])
  and not exists (select from ops.promotions q where q.model_name = p.model_name and q.version = p.version and q.id > p.id
    and q.act in ('approve', 'reject', 'void', 'promote'))
order by p.happened_at
