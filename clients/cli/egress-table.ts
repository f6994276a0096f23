/** The platform's egress, for people and for programs. */
import type { Egress } from "../../proto/gen/annex/control/v1/egress.ts";
import { present } from "./present.ts";
import { egressJson } from "./shapes.ts";
import { fieldsOf, shownList, shownPairs, tableOf } from "./table.ts";
import { print, type Terminal } from "./terminal.ts";
import type { OutputFlags } from "./verb.ts";

/** Prints the platform's egress. */
export function tellEgress(
  terminal: Terminal,
  flags: OutputFlags,
  egress: Egress | undefined,
): void {
  const json = egressJson(present(egress));
  const fields = fieldsOf({
    internal_hosts: shownList(json.internal_hosts),
    deny: shownList(json.deny),
    etag: json.etag,
  });
  const rows = json.proxies.map((proxy) => [
    proxy.name,
    proxy.url,
    proxy.username,
    shownList(
      [...proxy.containers, shownPairs(proxy.labels)].filter(Boolean),
    ) || "all containers",
    shownList(proxy.addresses),
  ]);
  const head = ["PROXY", "URL", "USERNAME", "CARRIES", "ADDRESSES"];
  const text = rows.length > 0 ? `${fields}\n\n${tableOf(head, rows)}` : fields;
  print(terminal, flags, { json, text });
}
