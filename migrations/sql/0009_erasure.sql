-- The salt of a project's hashes. Without it, a person's id cannot be compared with ops.erased.
create table if not exists ops.erasure_salts (
  project text primary key,
  salt text not null default encode(sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'hex')
);

-- `lake.erasure` computes the same hash. `kind` is entity, or the login column of an anonymous id.
create or replace function ops.identifier_hash(project_name text, kind text, identifier text) returns text
  language sql stable parallel safe set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(convert_to(salt || ':' || kind || ':' || identifier, 'UTF8')), 'hex')
  from ops.erasure_salts where project = project_name
$$;

-- ops.erased had the person in plain text.
do $$
begin
  if exists (select from pg_attribute where attrelid = 'ops.erased'::regclass and attname = 'entity'
             and not attisdropped) then
    alter table ops.erased add column if not exists identifier_hash text;
    insert into ops.erasure_salts (project) select distinct project from ops.erased on conflict do nothing;
    update ops.erased set identifier_hash = ops.identifier_hash(project, 'entity', entity);
    alter table ops.erased drop constraint erased_pkey;
    alter table ops.erased drop column entity;
    alter table ops.erased alter column identifier_hash set not null;
    alter table ops.erased add primary key (project, identifier_hash);
  end if;
end $$;

-- Assignments stay append-only. Only ops.erase_person, which runs with the owner's rights, may delete rows of a person.
create or replace function ops.refuse_change_but_erasure() returns trigger language plpgsql
  set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'DELETE' and current_setting('prichal.erasure', true) = 'on' then
    return null;
  end if;
  raise exception '%.% is append-only: % is refused', tg_table_schema, tg_table_name, tg_op;
end $$;
create or replace trigger assignments_append_only before update or delete or truncate on ops.assignments
  for each statement execute function ops.refuse_change_but_erasure();

-- Record that identifiers were erased: hashes only. `kinds` and `identifiers` have the same length.
create or replace function ops.record_erasure(project_name text, kinds text[], identifiers text[]) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into ops.erasure_salts (project) values (project_name) on conflict do nothing;
  insert into ops.erased (project, identifier_hash)
    select distinct project_name, ops.identifier_hash(project_name, kind, identifier)
    from unnest(kinds, identifiers) as given (kind, identifier)
  on conflict do nothing;
end $$;

-- Remove the rows of a person whose erasure is recorded; returns the number of removed or changed rows by table.
create or replace function ops.erase_person(project_name text, scores text, person text) returns jsonb
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  actions text := regexp_replace(scores, '_scores$', '') || '_actions';
  -- the person as a word of its own: not a part of a longer number or name
  word text := '(?<![[:alnum:]_-])' || regexp_replace(person, '([^[:alnum:]_ -])', '\\\1', 'g') || '(?![[:alnum:]_-])';
  counts jsonb := '{}';
  removed bigint;
  relation text;
begin
  if not exists (select from ops.erased where project = project_name
                 and identifier_hash = ops.identifier_hash(project_name, 'entity', person)) then
    raise exception 'The erasure is not recorded: call ops.record_erasure first' using errcode = 'invalid_parameter_value';
  end if;
  foreach relation in array array[scores, actions] loop
    if to_regclass(format('mart.%I', relation)) is not null then
      execute format('delete from mart.%I where %I::text = $1', relation,
                     mart.entity_column(format('mart.%I', relation)::regclass)) using person;
      get diagnostics removed = row_count;
      counts := counts || jsonb_build_object('mart.' || relation, removed);
    end if;
  end loop;
  perform set_config('prichal.erasure', 'on', true);
  foreach relation in array array['outbox', 'reactions', 'closed_channels', 'assignments'] loop
    execute format('delete from ops.%I where project = $1 and entity = $2', relation) using project_name, person;
    get diagnostics removed = row_count;
    counts := counts || jsonb_build_object('ops.' || relation, removed);
  end loop;
  perform set_config('prichal.erasure', 'off', true);
  update ops.runs set message = regexp_replace(message, word, 'erased', 'g'),
                      parameters = regexp_replace(parameters::text, word, 'erased', 'g')::jsonb
    where project = project_name and (message ~ word or parameters::text ~ ('"' || word || '"'));
  get diagnostics removed = row_count;
  return counts || jsonb_build_object('ops.runs', removed);
end $$;

revoke execute on function ops.identifier_hash(text, text, text), ops.record_erasure(text, text[], text[]),
  ops.erase_person(text, text, text) from public;
