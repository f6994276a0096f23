/** Not MySQL: mysql2's own server of its protocol, with a log-in by password, and a table in memory. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo, Server as TcpServer } from "node:net";
import { createServer, type Connection } from "mysql2";

export interface MysqlServer {
  port: number;
  /** Connections so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** What mysql2's types do not tell of. */
interface Inside {
  _server: TcpServer;
  listen(port: number, host: string): void;
}

const protocol41 = 0x0200;
const secureConnection = 0x8000;
const pluginAuth = 0x0008_0000;
const connectWithDatabase = 0x0008;
const varString = 253;
const long = 3;
const columnCharset = 45; // utf8mb4

/** `select * from things limit N` gives as many rows; other tables are not there. */
export async function startMysqlServer({
  user,
  password,
}: {
  user: string;
  password: string;
}): Promise<MysqlServer> {
  const open: Connection[] = [];
  const server = createServer((connection: Connection) => {
    open.push(connection);
    connection.on("error", () => undefined);
    connection.on("query", (sql: string) => answer(connection, sql));
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: "8.0.0-test",
      connectionId: open.length,
      statusFlags: 2,
      characterSet: columnCharset,
      capabilityFlags:
        protocol41 | secureConnection | pluginAuth | connectWithDatabase,
      authCallback: (given: Given, done: Done) => {
        const isRight = given.user === user && hasProof(given, password);
        done(null, isRight ? undefined : { message: "Access denied" });
        connection.sequenceId = 0; // each command counts from there
      },
    });
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see there
  const inside = server as unknown as Inside;
  inside.listen(0, "127.0.0.1");
  // oxlint-disable-next-line no-underscore-dangle -- mysql2's name
  const tcp = inside._server;
  await once(tcp, "listening");
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on TCP
    port: (tcp.address() as AddressInfo).port,
    get connections() {
      return open.length;
    },
    close: async () => {
      for (const connection of open) connection.destroy();
      tcp.close();
      await once(tcp, "close");
    },
  };
}

interface Given {
  user: string;
  authPluginData1: Buffer;
  authPluginData2: Buffer;
  authToken: Buffer;
}

type Done = (error: null, refusal: { message: string } | undefined) => void;

/** As mysql_native_password has it: SHA1(password) hidden under a hash that both sides know. */
function hasProof(given: Given, password: string): boolean {
  const { authPluginData1, authPluginData2, authToken } = given;
  const stored = sha1(sha1(Buffer.from(password)));
  const mask = sha1(authPluginData1, authPluginData2, stored);
  const hashed = Buffer.from(
    mask.map((byte, at) => byte ^ (authToken[at] ?? 0)),
  );
  return sha1(hashed).equals(stored);
}

function sha1(...parts: Uint8Array[]): Buffer {
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function answer(connection: Connection, sql: string): void {
  const echoed = /^SELECT '((?:[^'\\]|\\.)*)' AS text, (\d+) AS number$/i.exec(
    sql,
  );
  const [, limit] = /^SELECT \* FROM things LIMIT (\d+)$/i.exec(sql) ?? [];
  if (echoed) {
    const [, text = "", number = ""] = echoed;
    rows(connection, [{ text: text.replaceAll(/\\(.)/g, "$1"), number }]);
  } else if (limit === undefined) {
    connection.writeError({
      message: "Table 'shop.nothing' doesn't exist",
      code: 1146,
    });
  } else {
    const found = Array.from({ length: Number(limit) }, (_, at) => ({
      text: `thing ${at}`,
      number: String(at),
    }));
    rows(connection, found);
  }
  connection.sequenceId = 0;
}

function rows(connection: Connection, found: Record<string, string>[]): void {
  const columns = [
    { name: "text", columnType: varString },
    { name: "number", columnType: long },
  ].map((column) => ({
    catalog: "def",
    schema: "shop",
    table: "things",
    orgTable: "things",
    orgName: column.name,
    characterSet: columnCharset,
    columnLength: 255,
    flags: 0,
    decimals: 0,
    ...column,
  }));
  connection.writeTextResult(found, columns);
}
