/** What `annex dev` says once everything runs. */
import type { AllInOne } from "./all-in-one.ts";
import { type DevFile, devFileIn } from "./dev-file.ts";
import { fieldsOf } from "./table.ts";

/** Where everything is, and what to type next. */
export function readyBlock(
  all: Pick<AllInOne, "devFile" | "walls" | "limits">,
  home: string,
): string {
  const { devFile: dev } = all;
  const where = fieldsOf({
    "  control plane": `${dev.http} (HTTP), ${dev.grpc} (gRPC)`,
    "  sandboxd": `${dev.run} (HTTP)`,
    "  local socket": dev.socket,
    "  state": `${home} (addresses and tokens in ${devFileIn(home)})`,
  });
  return `
Annex is ready.

${where}

${wallsLine(all)}

Call a function that is nowhere but in the request:

${curlLine(dev)}

Then:

  npx annex extension create hello.js --container ${dev.container} --name hello
  npx annex extension invoke hello --container ${dev.container} --data '{"name":"you"}'
  npx annex --help

Ctrl-C ends it.
`;
}

function wallsLine({
  walls,
  limits,
}: Pick<AllInOne, "walls" | "limits">): string {
  if (walls === "none") return warning;
  const bounded = limits === "" ? "" : `, limits ${limits}`;
  return `Code is walled in: ${walls}${bounded}.`;
}

const warning = `!!! NO WALLS: code runs here as you, on your machine. !!!
Whoever breaks out of V8 can do whatever you can: run only code you trust. What
is missing is said above by sandboxd; mostly it is bubblewrap: apt install bubblewrap`;

function curlLine({ run, container, token }: DevFile): string {
  return `curl ${run}/api/run/${container} -H "Authorization: Bearer ${token}" --data-binary 'module.exports = function (cb) { cb(null, { hello: "world" }); }'`;
}
