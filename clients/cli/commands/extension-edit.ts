/** `annex extension edit`: the active version's source in the editor, published on save. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Command } from "commander";
import { AnnexError } from "../../../proto/errors.ts";
import type { GetVersionResponse } from "../../../proto/gen/annex/control/v1/extension.ts";
import { containerOf, type Services, servicesFor } from "../connection.ts";
import { runEditor } from "../editor.ts";
import { gather, type GatheredSource } from "../gather.ts";
import { present } from "../present.ts";
import { print, type Terminal } from "../terminal.ts";
import { changing, inContainer, remoteVerb } from "../verb.ts";
import { publish, type PublishFlags, waiting } from "./extension-publish.ts";

/** Adds `extension edit`. */
export function addEdit(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "edit <name>", {
    description:
      "Open the active version's source in $EDITOR, and publish what is saved",
    examples: ["extension edit hello --container acme"],
  });
  waiting(inContainer(changing(command))).action(
    async (extension: string, flags: PublishFlags) => {
      const services = await servicesFor(flags, terminal);
      const container = await containerOf(flags, terminal);
      await edit(services, { container, extension }, flags, terminal);
    },
  );
}

interface Name {
  container: string;
  extension: string;
}

async function edit(
  services: Services,
  name: Name,
  flags: PublishFlags,
  terminal: Terminal,
): Promise<void> {
  const { etag, active } = await activeSource(services, name);
  const folder = await mkdtemp(path.join(tmpdir(), "annex-edit-"));
  try {
    await layOut(folder, active);
    await runEditor(path.join(folder, active.entry || "."), terminal);
    const edited = await gather(folder);
    if (isSame(edited, active)) {
      print(terminal, flags, {
        json: { changed: false },
        text: "nothing was changed, nothing published",
      });
      return;
    }
    await publish(services, flags, terminal, {
      ...name,
      ...edited,
      entry: active.entry,
      activate: true,
      etag,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function activeSource({ extensions }: Services, name: Name) {
  const { activeVersion, etag } = present(
    (await extensions.getExtension(name)).extension,
  );
  if (activeVersion === 0) {
    throw new AnnexError(
      "precondition",
      `${name.container}/${name.extension} has no active version; activate one first`,
    );
  }
  const active = await extensions.getVersion({
    ...name,
    number: activeVersion,
    source: true,
  });
  return { etag, active };
}

async function layOut(
  folder: string,
  { files }: GetVersionResponse,
): Promise<void> {
  for (const { path: name, content } of files) {
    const file = path.join(folder, name);
    if (!file.startsWith(folder + path.sep)) {
      throw new AnnexError("internal", `'${name}' is no path of a source file`);
    }
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content, { mode: 0o600 });
  }
}

function isSame(edited: GatheredSource, active: GetVersionResponse): boolean {
  const before = new Map(active.files.map((file) => [file.path, file.content]));
  return (
    edited.files.length === before.size &&
    edited.files.every(({ path: name, content }) => {
      const was = before.get(name);
      return was !== undefined && Buffer.from(was).equals(content);
    })
  );
}
