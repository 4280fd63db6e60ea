-- The role of the dashboards: it reads tables of the mart and of ops, and writes nothing.
do $$
begin
  if not exists (select from pg_roles where rolname = 'prichal_pages') then
    create role prichal_pages nologin;
    grant prichal_pages to current_user;
  end if;
end $$;
-- Tables of projects are created by functions with the owner's rights.
alter default privileges in schema mart grant select on tables to prichal_pages;
