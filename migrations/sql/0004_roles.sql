do $$
declare role_name text;
begin
  foreach role_name in array array['prichal_marketing', 'prichal_bi', 'prichal_administrator'] loop
    if not exists (select from pg_roles where rolname = role_name) then
      execute format('create role %I nologin', role_name);
      execute format('grant %I to current_user', role_name);
    end if;
  end loop;
end $$;

-- Comments on a table or view and on those of its columns that `texts` names; only where they differ.
create or replace function mart.comment_columns(relation regclass, relation_text text, texts jsonb) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  kind text := case (select relkind from pg_class where oid = relation) when 'v' then 'view' else 'table' end;
  item record;
begin
  if obj_description(relation, 'pg_class') is distinct from relation_text then
    execute format('comment on %s %s is %L', kind, relation, relation_text);
  end if;
  for item in
    select a.attname, texts ->> a.attname as comment from pg_attribute a
    where a.attrelid = relation and a.attnum > 0 and not a.attisdropped and texts ? a.attname
      and col_description(relation, a.attnum) is distinct from texts ->> a.attname
  loop
    execute format('comment on column %s.%I is %L', relation, item.attname, item.comment);
  end loop;
end $$;

-- The name of the column that identifies a person in a table of scores or actions: it follows score_date in the key.
create or replace function mart.entity_column(relation regclass) returns name
  language sql stable set search_path = pg_catalog, pg_temp as $$
  select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
  where i.indrelid = relation and i.indisprimary and a.attname <> 'score_date'
$$;

-- The views, rights and comments of a table of scores. A view's columns are listed: the entity is not among them.
create or replace function mart.share_scores(scores text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  parent regclass := format('mart.%I', scores);
  entity name := mart.entity_column(parent);
  texts jsonb := jsonb_build_object(
    'score_date', 'date of the scores: they use the state known at its 00:00',
    entity, 'the person, or another entity, of the row',
    'population', 'population, such as trial or paid',
    'churn_probability', 'calibrated probability of leaving before label_matures_on, 0 to 1',
    'risk_decile', 'decile within date and population: 10 most likely, 1 least likely to leave',
    'reason_1', 'the reason that raises the risk most',
    'reason_2', 'the second reason; null if there are fewer',
    'reason_3', 'the third reason; null if there are fewer',
    'recommended_channel', 'channel of the policy''s action; null if it gives none',
    'recommended_offer', 'offer of the policy''s action; null if it gives none',
    'model_name', 'registered model that made the score',
    'model_version', 'its version',
    'label_matures_on', 'first day on which the outcome is known',
    'scored_at', 'time of publication',
    'people', 'number of scored people',
    'mean_churn_probability', 'mean of churn_probability',
    'expected_to_leave', 'sum of churn_probability');
begin
  if to_regclass(format('mart.%I', scores || '_history')) is null then
    execute format('
      create view mart.%I with (security_barrier) as
        select score_date, population, churn_probability, risk_decile, recommended_channel, recommended_offer,
               model_name, model_version, label_matures_on
        from mart.%I', scores || '_history', scores);
  end if;
  if to_regclass(format('mart.%I', scores || '_daily')) is null then
    execute format('
      create view mart.%I with (security_barrier) as
        select score_date, population, risk_decile, model_name, model_version, count(*) as people,
               avg(churn_probability) as mean_churn_probability, sum(churn_probability) as expected_to_leave
        from mart.%I group by score_date, population, risk_decile, model_name, model_version',
      scores || '_daily', scores);
  end if;
  execute format('grant select on mart.%I to prichal_marketing, prichal_reader, prichal_writer', scores || '_current');
  execute format('grant select on mart.%I, mart.%I to prichal_bi, prichal_writer',
    scores || '_history', scores || '_daily');
  execute format('grant select on mart.%I, mart.%I, mart.%I, mart.%I to prichal_administrator',
    scores, scores || '_current', scores || '_history', scores || '_daily');
  perform mart.comment_columns(parent, 'Scores: one row per person and date', texts);
  perform mart.comment_columns(format('mart.%I', scores || '_current')::regclass, 'Scores of the latest date', texts);
  perform mart.comment_columns(format('mart.%I', scores || '_history')::regclass,
    'Scores of all dates without people and reasons', texts);
  perform mart.comment_columns(format('mart.%I', scores || '_daily')::regclass,
    'Number of people and mean score by date, population, decile and version', texts);
end $$;

-- The view, rights and comments of a table of a daily plan.
create or replace function mart.share_actions(actions text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  parent regclass := format('mart.%I', actions);
  entity name := mart.entity_column(parent);
  texts jsonb := jsonb_build_object(
    'score_date', 'date of the plan, on which its campaign starts',
    entity, 'the person who gets the action',
    'population', 'population, as in the scores',
    'campaign', 'campaign: project and date',
    'arm', 'explore: the action was drawn at random; policy: the policy chose it',
    'action', 'channel, offer and number of contacts',
    'channel', 'channel of the action',
    'offer', 'offer of the action',
    'contacts', 'planned number of contacts',
    'expected_effect', 'predicted rise of the probability to stay, -1 to 1; null without a response model',
    'expected_gain', 'effect x value of a person kept - cost; null without a response model',
    'cost', 'expected cost of the action for this person',
    'policy_version', 'version of the response model that chose; explore only if no policy was used',
    'planned_at', 'time of publication');
begin
  if to_regclass(format('mart.%I', actions || '_history')) is null then
    execute format('
      create view mart.%I with (security_barrier) as
        select score_date, population, campaign, arm, action, channel, offer, contacts, expected_effect, expected_gain,
               cost, policy_version
        from mart.%I', actions || '_history', actions);
  end if;
  execute format('grant select on mart.%I to prichal_marketing, prichal_reader, prichal_writer', actions || '_current');
  execute format('grant select on mart.%I to prichal_bi, prichal_writer', actions || '_history');
  execute format('grant select on mart.%I, mart.%I, mart.%I to prichal_administrator',
    actions, actions || '_current', actions || '_history');
  perform mart.comment_columns(parent, 'The plan of a day: one row per person with an action', texts);
  perform mart.comment_columns(format('mart.%I', actions || '_current')::regclass, 'The plan of the latest date', texts);
  perform mart.comment_columns(format('mart.%I', actions || '_history')::regclass,
    'The plans of all dates without people', texts);
end $$;

-- The table of a project's scores, and the view of its latest day, unless they exist.
create or replace function mart.create_scores(scores text, entity text, entity_type text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
begin
  if scores !~ '^[a-z][a-z0-9_]{0,50}$' or entity !~ '^[a-z][a-z0-9_]{0,50}$' then
    raise exception 'Mart % with key %: a name must be at most 51 lower-case letters, digits and underscores',
      scores, entity using errcode = 'invalid_parameter_value';
  elsif entity_type not in ('bigint', 'text') then
    raise exception 'Mart %: the type of its key is %, it may be bigint or text', scores, entity_type
      using errcode = 'invalid_parameter_value';
  end if;
  if to_regclass(format('mart.%I', scores || '_current')) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('prichal.migrate'));
  execute format('
    create table if not exists mart.%1$I (
      score_date date not null,
      %2$I %3$s not null,
      population text not null,
      churn_probability double precision not null check (churn_probability between 0 and 1),
      risk_decile smallint not null check (risk_decile between 1 and 10),
      reason_1 text, reason_2 text, reason_3 text,
      recommended_channel text, recommended_offer text,
      model_name text not null,
      model_version text not null,
      label_matures_on date not null,
      scored_at timestamptz not null,
      primary key (score_date, %2$I)
    ) partition by list (score_date)', scores, entity, entity_type);
  -- Without the barrier, a cheap function in a reader''s query would see the rows of older days.
  execute format('
    create or replace view mart.%1$I with (security_barrier) as
      select * from mart.%2$I where score_date = (select max(score_date) from mart.%2$I)',
    scores || '_current', scores);
  execute format('grant select, insert, delete on mart.%I to prichal_writer', scores);
  perform mart.share_scores(scores);
end $$;

-- The table of a project's daily plan and the view of its latest day, unless they exist; and the right to write the
-- recommendation into its table of scores.
create or replace function mart.create_actions(actions text, scores text, entity text, entity_type text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
begin
  if actions !~ '^[a-z][a-z0-9_]{0,50}$' or scores !~ '^[a-z][a-z0-9_]{0,50}$' or entity !~ '^[a-z][a-z0-9_]{0,50}$' then
    raise exception 'Mart % of % with key %: a name must be at most 51 lower-case letters, digits and underscores',
      actions, scores, entity using errcode = 'invalid_parameter_value';
  elsif entity_type not in ('bigint', 'text') then
    raise exception 'Mart %: the type of its key is %, it may be bigint or text', actions, entity_type
      using errcode = 'invalid_parameter_value';
  end if;
  if to_regclass(format('mart.%I', actions || '_current')) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtext('prichal.migrate'));
  execute format('
    create table if not exists mart.%1$I (
      score_date date not null,
      %2$I %3$s not null,
      population text not null,
      campaign text not null,
      arm text not null check (arm in (''explore'', ''policy'')),
      action text not null,
      channel text not null,
      offer text not null,
      contacts smallint not null check (contacts >= 1),
      expected_effect double precision,
      expected_gain double precision,
      cost double precision not null,
      policy_version text not null,
      planned_at timestamptz not null,
      primary key (score_date, %2$I)
    )', actions, entity, entity_type);
  execute format('
    create or replace view mart.%1$I with (security_barrier) as
      select * from mart.%2$I where score_date = (select max(score_date) from mart.%2$I)',
    actions || '_current', actions);
  execute format('grant select, insert, delete on mart.%I to prichal_writer', actions);
  execute format('grant update (recommended_channel, recommended_offer) on mart.%I to prichal_writer', scores);
  perform mart.share_actions(actions);
end $$;

revoke execute on function mart.comment_columns(regclass, text, jsonb), mart.entity_column(regclass),
  mart.share_scores(text), mart.share_actions(text) from public;
