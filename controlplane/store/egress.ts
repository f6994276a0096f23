/** The platform's egress: its rules, and its proxies with their passwords sealed with the master key. */
import type { Selectable } from "kysely";
import { AnnexError } from "../../proto/errors.ts";
import {
  checkedEgress,
  type Egress,
  type EgressChange,
  type EgressProxy,
  type EgressState,
  type SecretEgressProxy,
} from "../domain/egress.ts";
import { checkEtag, type EtagOption } from "../domain/etag.ts";
import { quote } from "../domain/name.ts";
import type { EgressProxiesTable } from "./schema.ts";
import { open, seal, type SealingKey } from "./sealing.ts";
import type {
  ChangeOptions,
  ChangeTransaction,
  ReadTransaction,
  Transactions,
} from "./transactions.ts";

/** Keeps the platform's egress. */
export interface EgressStore {
  /** Without passwords. */
  get(): Promise<Egress>;
  /** Replaces it; a proxy of the same name and URL keeps its password where none is given. */
  update(request: EgressChange & EtagOption & ChangeOptions): Promise<Egress>;
  /** With passwords: what hosts are told. */
  readState(): Promise<EgressState>;
}

/** The egress of a database. */
export function egressStore(
  transactions: Transactions,
  masterKey: SealingKey,
): EgressStore {
  return {
    get: () => transactions.read((transaction) => readEgress(transaction)),
    async update(request) {
      const change = checkedEgress(request);
      return await transactions.change(request, (transaction) =>
        updateEgress(transaction, masterKey, {
          ...change,
          etag: request.etag,
        }),
      );
    },
    readState: () =>
      transactions.read((transaction) => readState(transaction, masterKey)),
  };
}

async function readEgress(transaction: ReadTransaction): Promise<Egress> {
  const { etag, ...rules } = await readRules(transaction);
  const rows = await readProxyRows(transaction);
  return { ...rules, proxies: rows.map(proxyOf), etag };
}

async function readState(
  transaction: ReadTransaction,
  masterKey: SealingKey,
): Promise<EgressState> {
  const { internalHosts, deny } = await readRules(transaction);
  const rows = await readProxyRows(transaction);
  const proxies = rows.map((row) => ({
    ...proxyOf(row),
    password: passwordOf(masterKey, row),
  }));
  return { internalHosts, deny, proxies };
}

/** What is as it was is no revision: hosts have it. */
async function updateEgress(
  transaction: ChangeTransaction,
  masterKey: SealingKey,
  { etag, ...change }: EgressChange & EtagOption,
): Promise<Egress> {
  const { etag: actual } = await readRules(transaction);
  checkEtag("the platform's egress", etag, actual);
  const before = await readState(transaction, masterKey);
  const after = { ...change, proxies: withPasswords(before, change) };
  if (JSON.stringify(spelled(after)) === JSON.stringify(spelled(before)))
    return await readEgress(transaction);
  await writeRules(transaction, after);
  await writeProxies(transaction, masterKey, after.proxies);
  transaction.mark({ kind: "egress" });
  return await readEgress(transaction);
}

/** A password stays where none is given and neither name nor URL is another; without a username there is none. */
function withPasswords(
  before: EgressState,
  after: EgressChange,
): SecretEgressProxy[] {
  return after.proxies.map((proxy) => {
    if (proxy.password !== "" || proxy.username === "") return proxy;
    const former = before.proxies.find(({ name }) => name === proxy.name);
    const password = former?.password ?? "";
    if (password !== "" && former?.url !== proxy.url)
      throw new AnnexError(
        "invalid",
        `proxy ${quote(proxy.name)} has another URL now: give its password again, or leave out its username`,
      );
    return { ...proxy, password };
  });
}

/** Fields and labels in one order. */
function spelled({ internalHosts, deny, proxies }: EgressState): unknown {
  return [
    internalHosts,
    deny,
    proxies.map((proxy) => [proxy.password, columnsOf(proxy)]),
  ];
}

async function readRules({ query }: ReadTransaction) {
  const row = await query
    .selectFrom("egress")
    .selectAll()
    .executeTakeFirstOrThrow();
  return {
    internalHosts: listOf(row.internal_hosts),
    deny: listOf(row.deny),
    etag: row.etag,
  };
}

async function readProxyRows({
  query,
}: ReadTransaction): Promise<Selectable<EgressProxiesTable>[]> {
  return await query
    .selectFrom("egress_proxies")
    .selectAll()
    .orderBy("ordinal")
    .execute();
}

async function writeRules(
  { query, touch }: ChangeTransaction,
  { internalHosts, deny }: EgressState,
): Promise<void> {
  await query
    .updateTable("egress")
    .set({
      internal_hosts: JSON.stringify(internalHosts),
      deny: JSON.stringify(deny),
      etag: touch("egress"),
    })
    .execute();
}

async function writeProxies(
  { query }: ChangeTransaction,
  masterKey: SealingKey,
  proxies: SecretEgressProxy[],
): Promise<void> {
  await query.deleteFrom("egress_proxies").execute();
  for (const [ordinal, proxy] of proxies.entries())
    await query
      .insertInto("egress_proxies")
      .values({
        ...columnsOf(proxy),
        ordinal,
        sealed_password:
          proxy.password === ""
            ? null
            : seal(masterKey, placeOf(proxy), proxy.password),
      })
      .execute();
}

function columnsOf(proxy: EgressProxy) {
  const { name, url, username, containers, labels, addresses } = proxy;
  const sorted = Object.entries(labels).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return {
    name,
    url,
    username,
    containers: JSON.stringify(containers),
    labels: JSON.stringify(Object.fromEntries(sorted)),
    addresses: JSON.stringify(addresses),
  };
}

function proxyOf(row: Selectable<EgressProxiesTable>): EgressProxy {
  const labels: Record<string, string> = JSON.parse(row.labels); // checked when it was written
  const { name, url, username } = row;
  return {
    name,
    url,
    username,
    containers: listOf(row.containers),
    labels,
    addresses: listOf(row.addresses),
  };
}

function passwordOf(
  masterKey: SealingKey,
  row: Selectable<EgressProxiesTable>,
): string {
  const { sealed_password: sealed } = row;
  return sealed === null
    ? ""
    : open(masterKey, placeOf(row), sealed).toString();
}

/** With the URL: a password goes to no other place than it was given for. No container's name has a space. */
function placeOf({ name, url }: { name: string; url: string }): string[] {
  return ["egress proxy", name, url];
}

function listOf(text: string): string[] {
  const list: string[] = JSON.parse(text); // checked when it was written
  return list;
}
