import { type Kysely, sql } from "kysely";

/** What containers, points and the platform allow code; releases of quarantines. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `alter table containers add column labels text not null default '{}'`,
  `alter table containers add column trust_group text not null default ''`,
  // A limit that is not named is 0, in containers and in points.
  `alter table containers add column limits text not null default '{}'`,
  `alter table containers add column egress text not null
    default '{"allow":[],"deny":[]}'`,

  `alter table points add column limits text not null default '{}'`,

  `alter table extensions add column quarantine_releases integer not null
    default 0`,

  `create table egress (
    id integer primary key check (id = 1),
    internal_hosts text not null,
    deny text not null,
    etag text not null
  ) strict`,
  // The etag is nobody's secret, it only must differ from every later one.
  `insert into egress values (1, '[]', '[]', lower(hex(randomblob(11))))`,

  `create table egress_proxies (
    name text primary key,
    ordinal integer not null unique,
    url text not null,
    username text not null,
    sealed_password blob,
    containers text not null,
    labels text not null,
    addresses text not null
  ) strict`,

  // Hosts were not told of points before; a new database has no history yet and tells of everything when it begins one.
  `update history set revision = revision + 1`,
  `insert into changes
    select 'point/' || points.name, history.revision, 0, null
    from points, history`,
  `insert into changes select 'egress', revision, 0, null from history`,
];
