/** Drivers of databases inside the isolate, through the egress rules: log-in, TLS, queries, errors, pools. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Annex as Client } from "../../clients/node/index.ts";
import type { TestAnnex } from "../support/annex.ts";
import { bundled } from "../support/bundled.ts";
import { originCertificate as ca } from "../support/certificate.ts";
import { startMongoServer, type MongoServer } from "../support/mongo-server.ts";
import { startMysqlServer, type MysqlServer } from "../support/mysql-server.ts";
import { startPostgres, type Postgres } from "../support/postgres.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";

const user = "annex";
const password = "correct horse";
/** A slow machine evaluates a megabyte of driver slowly. */
const clocks = ["--wall-ms", "--sync-ms", "--cpu-ms", "--load-timeout-ms"]
  .map((clock) => [clock, "15000"])
  .flat();

let postgres: Postgres;
let mysql: MysqlServer;
let mongo: MongoServer;
let mongoTls: MongoServer;
let annex: TestAnnex;
let client: Client;

beforeAll(async () => {
  [annex, postgres, mysql, mongo, mongoTls] = await Promise.all([
    openAnnex({ sandboxd: clocks }),
    startPostgres({ user, password }),
    startMysqlServer({ user, password }),
    startMongoServer({ user, password }),
    startMongoServer({ user, password, isTls: true }),
  ]);
  client = annex.client();
  const servers = [postgres, mysql, mongo, mongoTls];
  const internalHosts = servers.map(({ port }) => `127.0.0.1:${port}`);
  await annex.control("egress").updateEgress({ egress: { internalHosts } });
  const containers = annex.control("containers");
  await containers.createContainer({ name: "acme" });
  await containers.createContainer({
    name: "denied",
    egress: { deny: ["127.0.0.1"] },
  });
}, 60_000);

afterAll(async () => {
  await client?.close();
  await closeAnnex(annex);
  for (const server of [postgres, mysql, mongo, mongoTls])
    await server?.close();
});

/** Publishes what uses packages of this repository. */
async function publish(name: string, source: string, container = "acme") {
  const script = await bundled(source, { minify: true });
  const { rollout } = await annex.publish(container, name, script);
  expect(rollout).toMatchObject({ refused: [] });
}

function call(extension: string, payload: unknown, container = "acme") {
  return client.invoke({ container, extension, payload, timeoutMs: 20_000 });
}

function postgresLogin() {
  const { port } = postgres;
  return { host: "127.0.0.1", port, user, password, database: "postgres" };
}

function mysqlLogin() {
  return { host: "127.0.0.1", port: mysql.port, user, password };
}

function mongoUrl({ port }: MongoServer, secret = password): string {
  const login = `${user}:${encodeURIComponent(secret)}`;
  return `mongodb://${login}@127.0.0.1:${port}/?maxPoolSize=3`;
}

function askBy(ssl: unknown) {
  return call("tls", { ...postgresLogin(), ssl });
}

describe("pg against PostgreSQL", () => {
  test("logs in, asks with parameters, sends many rows and is told of errors", async () => {
    await publish(
      "client",
      `const { Client } = require("pg");
      module.exports = async (ctx) => {
        const client = new Client(ctx.data);
        await client.connect();
        await client.query("create temp table things (id int primary key, what jsonb, bytes bytea)");
        const insert = "insert into things values ($1, $2, $3) returning id";
        const { rows: [{ id }] } = await client.query(insert, [7, { a: [1, "é"] }, Buffer.from([0, 255])]);
        const again = await client.query(insert, [7, null, null]).catch((error) => [error.code, error.constraint]);
        await client.query("begin");
        const nonsense = await client.query("select 1 / 0").catch((error) => error.code);
        await client.query("rollback");
        const { rows: [{ what, bytes }] } = await client.query({ name: "get", text: "select * from things where id = $1", values: [id] });
        const { rows } = await client.query("select g, repeat('x', 100) from generate_series(1, 20000) g");
        const { rows: [{ version }] } = await client.query("select version()");
        await client.end();
        return { again, nonsense, what, bytes: [...bytes], rows: rows.length, last: rows.at(-1).g, version: version.slice(0, 10) };
      };`,
    );
    expect(await call("client", postgresLogin())).toMatchObject({
      payload: {
        again: ["23505", "things_pkey"],
        nonsense: "22012",
        what: { a: [1, "é"] },
        bytes: [0, 255],
        rows: 20_000,
        last: 20_000,
        version: "PostgreSQL",
      },
    });
  });

  test("TLS is begun on the plain connection, with the guest's own root or judgement", async () => {
    await publish(
      "tls",
      `const { Client } = require("pg");
      module.exports = async (ctx) => {
        const client = new Client(ctx.data);
        try {
          await client.connect();
          const { rows: [row] } = await client.query("select ssl, version from pg_stat_ssl where pid = pg_backend_pid()");
          return row;
        } catch (error) {
          return error.code;
        } finally {
          await client.end().catch(() => {});
        }
      };`,
    );
    const secured = { payload: { ssl: true, version: "TLSv1.3" } };
    expect(await askBy({ ca, servername: "origin.test" })).toMatchObject(
      secured,
    );
    expect(await askBy({ rejectUnauthorized: false })).toMatchObject(secured);
    expect(await askBy({ ca, servername: "elsewhere.test" })).toMatchObject({
      payload: "ERR_TLS_CERT_ALTNAME_INVALID",
    });
    expect(await askBy({ servername: "origin.test" })).toMatchObject({
      payload: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
  });

  test("a wrong password, a closed port and a denied address are told apart", async () => {
    const source = `const { Client } = require("pg");
      module.exports = async (ctx) => new Client(ctx.data).connect();`;
    await publish("connect", source);
    await publish("connect", source, "denied");
    expect(
      await call("connect", { ...postgresLogin(), password: "x" }),
    ).toMatchObject({
      reason: "rejected",
      message: expect.stringContaining("password authentication failed"),
    });
    expect(
      await call("connect", { ...postgresLogin(), port: 6000 }),
    ).toMatchObject({
      reason: "egress_denied",
    });
    expect(await call("connect", postgresLogin(), "denied")).toMatchObject({
      reason: "egress_denied",
    });
  });

  test("a pool serves one invocation after the other, and some at once", async () => {
    await publish(
      "pool",
      `const { Pool } = require("pg");
      let pool;
      let errors = 0;
      module.exports = async (ctx) => {
        pool ??= new Pool({ ...ctx.data, max: 4 }).on("error", () => errors++);
        const ask = async (n) => (await pool.query("select $1::int as n, pg_backend_pid() as pid, pg_sleep(0.02)", [n])).rows[0];
        const answers = await Promise.all([1, 2, 3].map(ask));
        return { sum: answers.reduce((sum, { n }) => sum + n, 0), pids: new Set(answers.map(({ pid }) => pid)).size, errors };
      };`,
    );
    for (let round = 0; round < 3; round++)
      expect(await call("pool", postgresLogin())).toMatchObject({
        payload: { sum: 6, pids: 3 },
      });
  });
});

describe("mysql2 against its own server", () => {
  beforeAll(async () => {
    await publish(
      "mysql",
      `const { createPool } = require("mysql2/promise");
      let pool;
      module.exports = async (ctx) => {
        pool ??= createPool({ ...ctx.data.login, connectionLimit: 2 });
        const [[echoed]] = await pool.query("select ? as text, ? as number", [ctx.data.text, 42]);
        const [rows] = await pool.query("select * from things limit 20000");
        const error = await pool.query("select * from nothing").catch((error) => error.code);
        if (ctx.data.isLast) await pool.end();
        return { echoed, rows: rows.length, last: rows.at(-1), error };
      };`,
    );
  });

  test("a pool logs in, asks with parameters, and serves the next invocation too", async () => {
    const text = "it's \\ é";
    for (const isLast of [false, false, true])
      expect(
        await call("mysql", { login: mysqlLogin(), text, isLast }),
      ).toMatchObject({
        payload: {
          echoed: { text, number: 42 },
          rows: 20_000,
          last: { text: "thing 19999", number: 19_999 },
          error: "ER_NO_SUCH_TABLE",
        },
      });
    expect(mysql.connections).toBeGreaterThanOrEqual(3); // one ends with each invocation
  });

  test("a wrong password is refused", async () => {
    await publish(
      "mysql-login",
      `const { createConnection } = require("mysql2/promise");
      module.exports = async (ctx) => { await createConnection(ctx.data); };`,
    );
    const wrong = { ...mysqlLogin(), password: "x" };
    expect(await call("mysql-login", wrong)).toMatchObject({
      reason: "rejected",
      message: expect.stringContaining("Access denied"),
    });
  });
});

describe("mongodb against a server of its protocol", () => {
  beforeAll(async () => {
    await publish(
      "mongo",
      `const { MongoClient, ObjectId } = require("mongodb");
      const clients = {};
      module.exports = async (ctx) => {
        const client = clients[ctx.data.url] ??= new MongoClient(ctx.data.url, { serverSelectionTimeoutMS: 5000, ...ctx.data.options });
        const seen = [];
        const changed = ({ newDescription }) => seen.push(newDescription.type);
        client.on("serverDescriptionChanged", changed);
        await client.connect();
        const things = client.db("shop").collection("things");
        const round = new ObjectId();
        const { insertedCount } = await things.insertMany(
          Array.from({ length: 250 }, (_, at) => ({ round, at, when: new Date(at), bytes: Buffer.from([at]) })));
        const found = await things.find({ round }).toArray();
        const again = await things.insertOne({ _id: found[0]._id }).catch(({ name, code }) => [name, code]);
        const unknown = await client.db("shop").command({ nonsense: 1 }).catch((error) => error.codeName);
        const { ok } = await client.db("shop").command({ ping: 1 });
        client.off("serverDescriptionChanged", changed);
        if (ctx.data.isLast) await client.close();
        const last = found.at(-1);
        return { insertedCount, found: found.length, last: [last.when.getTime(), [...last.bytes.buffer]], again, unknown, ok, seen };
      };`,
    );
  });

  const whole = {
    insertedCount: 250,
    found: 250,
    last: [249, [249]],
    again: ["MongoServerError", 11000],
    unknown: "CommandNotFound",
    ok: 1,
  };

  test("a client logs in, watches its server, writes and reads, over three invocations", async () => {
    for (const isLast of [false, false, true])
      expect(
        await call("mongo", { url: mongoUrl(mongo), isLast }),
      ).toMatchObject({
        payload: whole,
      });
    await expect.poll(() => mongo.openConnections).toBe(0);
  });

  test("TLS from the start, with the guest's own root", async () => {
    const options = { tls: true, ca, servername: "origin.test" };
    const payload = { url: mongoUrl(mongoTls), options, isLast: true };
    expect(await call("mongo", payload)).toMatchObject({
      payload: { ...whole, seen: expect.arrayContaining(["Standalone"]) },
    });
  });

  test("a wrong password is refused, and a root that is not trusted is named", async () => {
    const wrong = { url: mongoUrl(mongo, "x"), isLast: true };
    expect(await call("mongo", wrong)).toMatchObject({
      reason: "rejected",
      message: expect.stringContaining("Authentication failed"),
    });
    const options = {
      tls: true,
      servername: "origin.test",
      serverSelectionTimeoutMS: 1000,
    };
    const other = `${mongoUrl(mongoTls)}&appName=other`;
    const untrusted = { url: other, options, isLast: true };
    expect(await call("mongo", untrusted)).toMatchObject({
      reason: "rejected",
      message: expect.stringContaining("has a certificate that is not trusted"),
    });
  });
});
