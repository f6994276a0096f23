/** Tables for people. */
import Table from "cli-table3";

/** What a cell may hold; nothing at all shows as a dash. */
export type Cell = string | number | boolean | bigint | undefined;

/** Rows under their headings. */
export function tableOf(head: string[], rows: Cell[][]): string {
  const table = new Table({ head, ...plain });
  table.push(...rows.map((row) => row.map(shown)));
  return trimmed(table.toString());
}

/** The fields of one thing, one a line. */
export function fieldsOf(fields: Record<string, Cell>): string {
  const table = new Table(plain);
  table.push(
    ...Object.entries(fields).map(([name, value]) => [name, shown(value)]),
  );
  return trimmed(table.toString());
}

/** Things in one cell. */
export function shownList(items: readonly string[]): string {
  return items.join(", ");
}

/** Names and values in one cell, as `--label` and `--meta` take them. */
export function shownPairs(pairs: Record<string, string>): string {
  return shownList(
    Object.entries(pairs).map(([name, value]) => `${name}=${value}`),
  );
}

const edges = [
  "top",
  "top-mid",
  "top-left",
  "top-right",
  "bottom",
  "bottom-mid",
  "bottom-left",
  "bottom-right",
  "left",
  "left-mid",
  "mid",
  "mid-mid",
  "right",
  "right-mid",
];

const plain = {
  chars: {
    ...Object.fromEntries(edges.map((edge) => [edge, ""])),
    middle: "  ",
  },
  style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
};

function shown(cell: Cell): string {
  if (cell === undefined || cell === "") return "-";
  if (typeof cell === "boolean") return cell ? "yes" : "no";
  // What others wrote must not move the reader's cursor.
  return String(cell).replaceAll(/[^\P{Cc}\n\t]/gu, "?");
}

function trimmed(text: string): string {
  return text.replaceAll(/ +$/gm, "");
}
