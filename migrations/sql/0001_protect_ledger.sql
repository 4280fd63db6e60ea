create or replace function ops.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'ops.promotions is append-only: % is refused', tg_op;
end $$;
create or replace trigger promotions_append_only before update or delete or truncate on ops.promotions
  for each statement execute function ops.refuse_change();

-- The check of each row that is added, whoever adds it. The lock is the one that `registry.ledger.ledger.append` takes, so
-- rows added at the same time wait for one another. Every query of a volatile function sees what was committed before it,
-- so the last row is read after the lock was granted.
create or replace function ops.check_insert() returns trigger language plpgsql volatile
  set search_path = pg_catalog, pg_temp as $$
declare
  last_id bigint;
  last_hash text;
  last_at timestamptz;
begin
  perform pg_advisory_xact_lock(hashtextextended('prichal.ledger', 0));
  select id, row_hash, happened_at into last_id, last_hash, last_at
    from ops.promotions order by id desc limit 1;
  if new.id::numeric <> coalesce(last_id, 0)::numeric + 1 then
    raise exception 'ops.promotions: row % is refused, the next number is %', new.id, coalesce(last_id, 0)::numeric + 1;
  elsif new.previous_hash <> coalesce(last_hash, repeat('0', 64)) then
    raise exception 'ops.promotions: row % is refused, its previous_hash is not the hash of the last row', new.id;
  elsif new.happened_at < coalesce(last_at, '2000-01-01') or new.happened_at > greatest(clock_timestamp(), last_at) then
    raise exception 'ops.promotions: row % is refused, happened_at % is not now', new.id, new.happened_at;
  elsif jsonb_typeof(new.decision) <> 'object' then
    raise exception 'ops.promotions: row % is refused, its decision is not a JSON object', new.id;
  elsif new.decision::text ~ '[0-9]{155}[0-9]{155}' or jsonb_path_exists(new.decision, '$.**{64}') then
    raise exception 'ops.promotions: row % is refused, its decision has a number or a depth beyond JSON', new.id;
  end if;
  return new;
end $$;
create or replace trigger promotions_insert_check before insert on ops.promotions
  for each row execute function ops.check_insert();
