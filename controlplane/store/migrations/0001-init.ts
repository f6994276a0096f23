import { type Kysely, sql } from "kysely";

/** The first tables. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table history (
    id integer primary key check (id = 1),
    history_id text not null,
    parent_history_id text,
    revision integer not null,
    compacted_revision integer not null,
    master_key_id text not null
  ) strict`,

  `create table changes (
    name text primary key,
    revision integer not null,
    removed integer not null,
    traceparent text
  ) strict, without rowid`,
  `create index changes_by_revision on changes (revision)`,

  `create table containers (
    name text primary key,
    created_at_ms integer not null,
    etag text not null
  ) strict`,

  `create table points (
    name text primary key,
    created_at_ms integer not null,
    etag text not null
  ) strict`,

  // The active version's key is looked at when the transaction ends: each of the two tables refers to the other.
  `create table extensions (
    container text not null references containers on delete cascade,
    name text not null,
    enabled integer not null,
    active_version integer,
    meta text not null,
    sealed_data_key blob not null,
    created_at_ms integer not null,
    updated_at_ms integer not null,
    etag text not null,
    primary key (container, name),
    foreign key (container, name, active_version)
      references versions (container, extension, number)
      deferrable initially deferred
  ) strict`,

  // Refers to nothing: it outlives extension and container.
  `create table version_counters (
    container text not null,
    extension text not null,
    newest integer not null,
    primary key (container, extension)
  ) strict, without rowid`,

  `create table bundles (
    digest text primary key,
    content blob not null,
    source_map blob not null
  ) strict`,

  `create table versions (
    container text not null,
    extension text not null,
    number integer not null,
    digest text not null references bundles,
    runtime text not null,
    entry text not null,
    created_at_ms integer not null,
    primary key (container, extension, number),
    foreign key (container, extension)
      references extensions (container, name) on delete cascade
  ) strict`,
  `create index versions_by_digest on versions (digest)`,
  `create trigger drop_unused_bundle after delete on versions
    when not exists (select 1 from versions where digest = old.digest)
    begin delete from bundles where digest = old.digest; end`,

  `create table source_contents (
    digest text primary key,
    content blob not null
  ) strict`,

  `create table source_files (
    container text not null,
    extension text not null,
    number integer not null,
    path text not null,
    digest text not null references source_contents,
    primary key (container, extension, number, path),
    foreign key (container, extension, number)
      references versions (container, extension, number) on delete cascade
  ) strict, without rowid`,
  `create index source_files_by_digest on source_files (digest)`,
  `create trigger drop_unused_source after delete on source_files
    when not exists (select 1 from source_files where digest = old.digest)
    begin delete from source_contents where digest = old.digest; end`,

  `create table activations (
    container text not null,
    extension text not null,
    ordinal integer not null,
    number integer not null,
    primary key (container, extension, ordinal),
    foreign key (container, extension, number)
      references versions (container, extension, number) on delete cascade
  ) strict, without rowid`,
  `create index activations_by_version
    on activations (container, extension, number)`,

  `create table bindings (
    container text not null,
    point text not null references points,
    extension text not null,
    primary key (container, point),
    foreign key (container, extension)
      references extensions (container, name) on delete cascade
  ) strict, without rowid`,
  `create index bindings_by_extension on bindings (container, extension)`,
  `create index bindings_by_point on bindings (point)`,

  `create table secrets (
    container text not null,
    extension text not null,
    name text not null,
    sealed_value blob not null,
    updated_at_ms integer not null,
    primary key (container, extension, name),
    foreign key (container, extension)
      references extensions (container, name) on delete cascade
  ) strict, without rowid`,

  `create table signing_keys (
    kid text primary key,
    state text not null check (state in ('next', 'signing', 'retired')),
    public_jwk text not null,
    sealed_private_jwk blob not null,
    created_at_ms integer not null
  ) strict`,
  // Exactly one signs and exactly one is next.
  `create unique index one_signing_key on signing_keys (state)
    where state <> 'retired'`,

  `create table revocations (
    jti text primary key,
    expires_at_s integer not null
  ) strict`,
];
