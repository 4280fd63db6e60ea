-- The last row of a release that wrote no heads to MLflow: the one before the first of these acts. 0 for a new ledger.
insert into ops.migrations (name, details)
select 'ops.promotions: rows without a head', jsonb_build_object('last_id', coalesce(
  (select min(id) - 1 from ops.promotions where act in ('intent', 'review', 'approve', 'reject', 'void')),
  (select max(id) from ops.promotions), 0))
on conflict (name) do nothing;

-- Earlier releases published the text 'None' for a missing reason. Each mart is corrected once.
do $$
declare
  scores record;
  change text;
  corrected bigint;
begin
  for scores in
    select c.oid, c.relname from pg_class c
    where c.relnamespace = 'mart'::regnamespace and c.relkind = 'p'
      and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'reason_1')
  loop
    change := format('mart.%s: reasons ''None'' to null', scores.relname);
    if not exists (select from ops.migrations where name = change) then
      execute format(
        'update mart.%I set reason_1 = nullif(reason_1, ''None''), reason_2 = nullif(reason_2, ''None''), '
        'reason_3 = nullif(reason_3, ''None'') where ''None'' in (reason_1, reason_2, reason_3)', scores.relname);
      get diagnostics corrected = row_count;
      insert into ops.migrations (name, details) values (change, jsonb_build_object('rows', corrected));
    end if;
  end loop;
end $$;
