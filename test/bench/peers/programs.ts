/** The peers that run the function: workerd and Deno, serving it over HTTP on a unix socket. */
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { answers, startProgram } from "../children.ts";
import type { Child } from "../children.ts";
import { denoSource, workerSource } from "../workload.ts";

const compatibilityDate = "2026-01-01";

/** Starts workerd with the function in one worker. */
export async function startWorkerd(
  folder: string,
  socketPath: string,
): Promise<Child> {
  await writeFile(join(folder, "worker.js"), workerSource);
  const configFile = join(folder, "workerd.capnp");
  await writeFile(configFile, workerdConfig(socketPath));
  return await startProgram(
    workerdFile(),
    ["serve", configFile],
    { name: "workerd" },
    () => answers(socketPath),
  );
}

/** Starts Deno with the function. */
export async function startDeno(
  folder: string,
  socketPath: string,
): Promise<Child> {
  const program = join(folder, "deno.js");
  await writeFile(program, denoSource);
  return await startProgram(
    denoFile(),
    ["run", "--allow-all", "--no-config", program, socketPath],
    { name: "deno", env: { DENO_DIR: join(folder, "deno"), NO_COLOR: "1" } },
    () => answers(socketPath),
  );
}

function workerdConfig(socketPath: string): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker.js", esModule = embed "worker.js")],
    compatibilityDate = "${compatibilityDate}"
  ))],
  sockets = [(name = "http", address = "unix:${socketPath}", http = (), service = "main")]
);
`;
}

/** The packages' commands are Node scripts that start the program: we want its own pid. */
function workerdFile(): string {
  const loaded: unknown = createRequire(import.meta.url)("workerd");
  if (
    typeof loaded === "object" &&
    loaded !== null &&
    "default" in loaded &&
    typeof loaded.default === "string"
  )
    return loaded.default;
  throw new Error("the workerd package does not name its program");
}

function denoFile(): string {
  const require = createRequire(import.meta.url);
  const own = createRequire(require.resolve("deno/package.json"));
  const platform = `${process.platform}-${process.arch}`;
  const libc = process.platform === "linux" ? "-glibc" : "";
  return own.resolve(`@deno/${platform}${libc}/deno`);
}
