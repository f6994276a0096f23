/** Creates container after container in the store of a folder, and prints the name of each when the store has it. */
import { writeSync } from "node:fs";
import { openStore } from "../../../../controlplane/store/store.ts";
import { join } from "node:path";

const [folder = "", seed = ""] = process.argv.slice(2);
const store = await openStore({
  file: join(folder, "annex.db"),
  masterKeyFile: join(folder, "master.key"),
  now: () => Date.now(),
});
for (let count = 0; ; count++) {
  const name = `${seed}-${count}`;
  await store.containers.create({ name });
  // Not console.log: what is printed must be out before the next one begins.
  writeSync(1, `${name}\n`);
  // So that signals and the end of the pipe are noticed.
  await new Promise((resolve) => setImmediate(resolve));
}
