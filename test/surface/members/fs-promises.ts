import fs from "node:fs";
import promises from "node:fs/promises";
import { nextTurn, valuesOf, type Surface } from "../check.ts";
import { promised } from "../fs/calls.ts";
import { handleChecks } from "../fs/handles.ts";
import { blamesLater, inFolder } from "../fs/folder.ts";

export const surface: Surface = {
  module: "fs/promises",
  checks: {
    ...valuesOf(promises, ["constants"]),
    ...promised(promises),
    ...handleChecks(),
    open: inFolder(async (at) => {
      const handle = await promises.open(at("new"), "w+", 0o600);
      try {
        await handle.writeFile("written");
        return [
          fs.readFileSync(at("new"), "utf8"),
          handle.fd > 2,
          await blamesLater(promises.open(at("none"))),
          await blamesLater(promises.open(at("a.txt"), "wx")),
        ];
      } finally {
        await handle.close();
      }
    }),
    glob: inFolder(async (at) => {
      const seen: string[] = [];
      for await (const name of promises.glob("**/*.txt", { cwd: at(".") }))
        seen.push(name);
      return seen.toSorted();
    }),
    mkdtempDisposable: inFolder(async (at) => {
      const made = await promises.mkdtempDisposable(at("tmp-"));
      const before = fs.existsSync(made.path);
      await made.remove();
      return [before, fs.existsSync(made.path)];
    }),
    watch: inFolder(async (at) => {
      const controller = new AbortController();
      const { signal } = controller;
      const watching = promises.watch(at("."), { signal });
      const steps = watching[Symbol.asyncIterator]();
      const first = steps.next();
      await nextTurn();
      fs.writeFileSync(at("new"), "x");
      const { value } = await first;
      controller.abort();
      return [value, await blamesLater(steps.next())];
    }),
  },
};
