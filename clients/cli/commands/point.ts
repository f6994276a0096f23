/** `annex point …` */
import type { Command } from "commander";
import type { Point } from "../../../proto/gen/annex/control/v1/point.ts";
import { containerOf, servicesFor } from "../connection.ts";
import { CommandFailed } from "../exit-codes.ts";
import {
  type LimitFlags,
  mergedLimits,
  shownLimits,
  withPointLimits,
} from "../limits.ts";
import { allPages } from "../pages.ts";
import { present } from "../present.ts";
import { bindingJson, pointJson } from "../shapes.ts";
import { fieldsOf, tableOf } from "../table.ts";
import { print, type Terminal } from "../terminal.ts";
import {
  type ChangeFlags,
  changing,
  type ConnectionFlags,
  group,
  inContainer,
  remoteVerb,
} from "../verb.ts";

type Flags = ConnectionFlags & ChangeFlags & { container?: string };
type LimitedFlags = Flags & LimitFlags;

/** Adds the commands about extensibility points. */
export function addPoint(program: Command, terminal: Terminal): void {
  const point = group(program, "point", {
    description:
      "Keep extensibility points: the places where a platform lets its customers in",
    examples: [
      "point create pre-user-registration",
      "point bind pre-user-registration check-domain --container acme",
    ],
  });
  addCreate(point, terminal);
  addList(point, terminal);
  addGet(point, terminal);
  addUpdate(point, terminal);
  addDelete(point, terminal);
  addBind(point, terminal);
  addUnbind(point, terminal);
}

function addCreate(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "create <name>", {
    description: "Create a point",
    examples: [
      "point create pre-user-registration",
      "point create pre-user-registration --limit wall-ms=500",
    ],
  });
  withPointLimits(changing(command)).action(
    async (name: string, flags: LimitedFlags) => {
      const { points } = await servicesFor(flags, terminal);
      const { point } = await points.createPoint({
        name,
        limits: mergedLimits(undefined, flags),
        validateOnly: flags.dryRun ?? false,
      });
      tell(terminal, flags, point);
    },
  );
}

function addUpdate(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "update <name>", {
    description: "Change what calls at a point may use; other limits stay",
    examples: [
      "point update pre-user-registration --limit wall-ms=500 --limit cpu-ms=default",
    ],
  });
  withPointLimits(changing(command, "etag")).action(
    async (name: string, flags: LimitedFlags) => {
      if (!flags.limit)
        throw new CommandFailed("usage", "what is to be changed? Give --limit");
      const { points } = await servicesFor(flags, terminal);
      // The wire replaces the limits whole; the etag keeps them from changing after they were read.
      const before = present((await points.getPoint({ name })).point);
      const { point } = await points.updatePoint({
        name,
        limits: mergedLimits(before.limits, flags),
        etag: flags.etag ?? before.etag,
        validateOnly: flags.dryRun ?? false,
      });
      tell(terminal, flags, point);
    },
  );
}

function addList(parent: Command, terminal: Terminal): void {
  remoteVerb(parent, "list", {
    description: "List the points, or what a container has bound at them",
    examples: ["point list", "point list --container acme"],
  })
    .option("--container <name>", "show this container's bindings")
    .action(async (flags: Flags) => {
      if (flags.container) await listBindings(flags.container, flags, terminal);
      else await listPoints(flags, terminal);
    });
}

async function listPoints(flags: Flags, terminal: Terminal): Promise<void> {
  const { points } = await servicesFor(flags, terminal);
  const all = await allPages(async (pageToken) => {
    const { points: items, nextPageToken } = await points.listPoints({
      pageToken,
    });
    return { items, nextPageToken };
  });
  const json = { points: all.map(pointJson) };
  const rows = json.points.map(({ name, create_time, limits }) => [
    name,
    create_time,
    shownLimits(limits),
  ]);
  const head = ["NAME", "CREATED", "LIMITS"];
  print(terminal, flags, { json, text: tableOf(head, rows) });
}

async function listBindings(
  container: string,
  flags: Flags,
  terminal: Terminal,
): Promise<void> {
  const { points } = await servicesFor(flags, terminal);
  const { bindings } = await points.listBindings({ container });
  const json = { bindings: bindings.map(bindingJson) };
  const rows = bindings.map(({ point, extension }) => [point, extension]);
  print(terminal, flags, { json, text: tableOf(["POINT", "EXTENSION"], rows) });
}

function addGet(parent: Command, terminal: Terminal): void {
  remoteVerb(parent, "get <name>", {
    description: "Show a point",
    examples: ["point get pre-user-registration"],
  }).action(async (name: string, flags: Flags) => {
    const { points } = await servicesFor(flags, terminal);
    const { point } = await points.getPoint({ name });
    tell(terminal, flags, point);
  });
}

function addDelete(parent: Command, terminal: Terminal): void {
  changing(
    remoteVerb(parent, "delete <name>", {
      description: "Delete a point at which nothing is bound",
      examples: ["point delete pre-user-registration"],
    }),
    "etag",
  ).action(async (name: string, flags: Flags) => {
    const { points } = await servicesFor(flags, terminal);
    await points.deletePoint({
      name,
      etag: flags.etag ?? "",
      validateOnly: flags.dryRun ?? false,
    });
    print(terminal, flags, {
      json: { deleted: !flags.dryRun, name },
      text: "",
    });
  });
}

function addBind(parent: Command, terminal: Terminal): void {
  inContainer(
    changing(
      remoteVerb(parent, "bind <point> <extension>", {
        description: "Bind an extension at a point of its container",
        examples: [
          "point bind pre-user-registration check-domain --container acme",
        ],
      }),
    ),
  )
    .option("--replace", "take the place of what is bound there now")
    .action(
      async (
        point: string,
        extension: string,
        flags: Flags & { replace?: boolean },
      ) => {
        const { points } = await servicesFor(flags, terminal);
        const { binding } = await points.bindExtension({
          container: await containerOf(flags, terminal),
          point,
          extension,
          replace: flags.replace ?? false,
          validateOnly: flags.dryRun ?? false,
        });
        const json = bindingJson(present(binding));
        print(terminal, flags, { json, text: fieldsOf(json) });
      },
    );
}

function addUnbind(parent: Command, terminal: Terminal): void {
  inContainer(
    remoteVerb(parent, "unbind <point>", {
      description: "Take away what a container has bound at a point",
      examples: ["point unbind pre-user-registration --container acme"],
    }),
  ).action(async (point: string, flags: Flags) => {
    const { points } = await servicesFor(flags, terminal);
    const container = await containerOf(flags, terminal);
    await points.unbindExtension({ container, point });
    print(terminal, flags, {
      json: { unbound: true, container, point },
      text: "",
    });
  });
}

function tell(
  terminal: Terminal,
  flags: ConnectionFlags,
  point: Point | undefined,
): void {
  const json = pointJson(present(point));
  const { name, limits, create_time, etag } = json;
  const shown = shownLimits(limits) || "what the container may";
  const text = fieldsOf({ name, limits: shown, create_time, etag });
  print(terminal, flags, { json, text });
}
