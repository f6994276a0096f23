import { EventEmitter } from "node:events";
import domain from "node:domain";
import { member, type Surface } from "../check.ts";

export const surface: Surface = {
  module: "domain",
  checks: {
    Domain: () => new domain.Domain() instanceof EventEmitter,
    createDomain: () =>
      member(domain, "createDomain")() instanceof domain.Domain,
    create: () => {
      const made = domain.create();
      const seen: string[] = [];
      made.on("error", (error) => seen.push(error.message));
      const emitter = new EventEmitter();
      made.add(emitter);
      emitter.emit("error", new Error("caught"));
      return [
        seen,
        made.members.length,
        made.run((value: number) => value + 1, 1),
      ];
    },
    active: () => {
      const made = domain.create();
      const within: unknown = made.run(
        () => Reflect.get(domain, "active") === made,
      );
      return [within, Reflect.get(domain, "active")];
    },
    _stack: () => {
      const made = domain.create();
      made.enter();
      const depth = [...Object(Reflect.get(domain, "_stack"))].length;
      made.exit();
      return depth;
    },
  },
};
