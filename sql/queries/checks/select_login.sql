-- Who is logged in, and the version of the schema.
SELECT current_user::text AS name, version_num::text AS version FROM public.schema_version
