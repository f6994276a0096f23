/** The catalog's entries as sealed files of JSON, one each, so that damage costs one entry. */
import type { Position } from "./catalog.ts";
import type { Disk } from "./disk.ts";
import { fileNameOf, seal, unseal } from "./sealed.ts";

const readsAtOnce = 64;

/** The folders entries lie in. */
export const recordFolders = [
  "extensions",
  "refused",
  "quarantined",
  "containers",
  "points",
] as const;

/** Where each entry lies. */
export const recordFiles = {
  extension: (container: string, name: string) =>
    `extensions/${fileNameOf(container, name)}`,
  refused: (container: string, name: string) =>
    `refused/${fileNameOf(container, name)}`,
  quarantined: (container: string, name: string, digest: string) =>
    `quarantined/${fileNameOf(container, name, digest)}`,
  container: (name: string) => `containers/${fileNameOf(name)}`,
  point: (name: string) => `points/${fileNameOf(name)}`,
  egress: "egress",
  position: "position",
  keys: "keys",
  revocations: "revocations",
};

/** An entry as it was found: without a value where the file is damaged. */
export type FoundRecord<T> = { file: string; value: T } | { file: string };

/** Writes an entry. */
export async function writeRecord(
  disk: Disk,
  file: string,
  value: unknown,
): Promise<void> {
  const json = JSON.stringify(toJson(value));
  await disk.write(file, await seal([Buffer.from(json)]));
}

/** Reads an entry: none where there is no file, one without a value where it cannot be read or is damaged. */
export async function readRecord<T>(
  disk: Disk,
  file: string,
): Promise<FoundRecord<T>[]> {
  const bytes = await disk.read(file).catch(() => Buffer.alloc(0)); // unreadable is damaged: its seal will not hold
  if (!bytes) return [];
  const content = await unseal(bytes);
  if (!content) return [{ file }];
  const json: T = JSON.parse(content.toString()); // sealed, so writeRecord wrote it, with the type that belongs to the file
  return [{ file, value: fromJson(json) }];
}

/** Reads every entry of a folder. */
export async function readRecords<T>(
  disk: Disk,
  folder: (typeof recordFolders)[number],
): Promise<FoundRecord<T>[]> {
  const found: FoundRecord<T>[] = [];
  const names = (await disk.list(folder)).values();
  const readSome = async (): Promise<void> => {
    for (const name of names)
      found.push(...(await readRecord<T>(disk, `${folder}/${name}`)));
  };
  await Promise.all(Array.from({ length: readsAtOnce }, readSome));
  return found;
}

/** JSON has no bigint: a position's revision is a string there, and only there, since customers choose meta's names. */
interface StoredPosition {
  historyId: string;
  revision: string;
}

function toJson(value: unknown): unknown {
  if (isPosition(value)) return store(value);
  if (hasPosition(value)) return { ...value, position: store(value.position) };
  return value;
}

function store(position: Position): StoredPosition {
  return { ...position, revision: String(position.revision) };
}

function fromJson<T>(json: T): T {
  if (isStoredPosition(json))
    return { ...json, revision: BigInt(json.revision) };
  if (!hasStoredPosition(json)) return json;
  const { historyId, revision } = json.position;
  return { ...json, position: { historyId, revision: BigInt(revision) } };
}

function isPosition(value: unknown): value is Position {
  return isObject(value) && "historyId" in value;
}

function hasPosition(value: unknown): value is { position: Position } {
  return isObject(value) && "position" in value && isPosition(value.position);
}

function isStoredPosition(value: unknown): value is StoredPosition {
  return isPosition(value);
}

function hasStoredPosition(
  value: unknown,
): value is { position: StoredPosition } {
  return hasPosition(value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
