/** What `annex dev` says once everything runs. */
import type { AllInOne } from "./all-in-one.ts";
import { type DevFile, devFileIn } from "./dev-file.ts";
import { fieldsOf } from "./table.ts";

/** Where everything is, and what to type next. */
export function readyBlock(
  { devFile: dev, walls }: Pick<AllInOne, "devFile" | "walls">,
  home: string,
): string {
  const where = fieldsOf({
    "  control plane": `${dev.http} (HTTP), ${dev.grpc} (gRPC)`,
    "  sandboxd": `${dev.run} (HTTP)`,
    "  local socket": dev.socket,
    "  state": `${home} (addresses and tokens in ${devFileIn(home)})`,
  });
  return `
Annex is ready.

${where}
${walls === "none" ? warning : ""}
Call a function that is nowhere but in the request:

${curlLine(dev)}

Then:

  npx annex extension create hello.js --container ${dev.container} --name hello
  npx annex extension invoke hello --container ${dev.container} --data '{"name":"you"}'
  npx annex --help

Ctrl-C ends it.
`;
}

const warning = `
For development only: executors are not yet walled, so run no code you do not trust.
`;

function curlLine({ run, container, token }: DevFile): string {
  return `curl ${run}/api/run/${container} -H "Authorization: Bearer ${token}" --data-binary 'module.exports = function (cb) { cb(null, { hello: "world" }); }'`;
}
