/** One file of web-platform-tests, as the script that an isolate or plain Node runs. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What came of one test. */
export interface TestResult {
  name: string;
  passed: boolean;
  message: string;
}

/** A file, with the part of its address that says which of its tests run. */
export interface TestFile {
  folder: string;
  file: string;
  variant: string;
}

/** Where the server of the tests is. */
export interface TestPlace {
  origin: string;
  /** Of the same server. */
  otherPort: number;
}

/** Gives what came of a file's tests; never rejects. */
export type RunFile = (file: TestFile) => Promise<TestResult[]>;

export const harnessFile = "resources/testharness.js";
/** Tests that have no end within this are counted as failed, the others for what they are. */
const harnessMs = 25_000;
/** From here on the whole file counts as failed. */
export const fileMs = 40_000;
/** Which subset of a file's tests runs is part of its address. */
const maxVariants = 40;

/** What the server of these tests serves from elsewhere. */
const moved: Record<string, string> = {
  "/resources/WebIDLParser.js": "resources/webidl2/lib/webidl2.js",
};

export function failedFile(message: string): TestResult[] {
  return [{ name: "the file itself", passed: false, message }];
}

export function runsInWorkers(folder: string, file: string): boolean {
  const [globals = "worker"] = metaOf(folder, file, "global");
  return /worker/.test(globals);
}

export function variantsOf(folder: string, file: string): string[] {
  const variants = metaOf(folder, file, "variant").slice(0, maxVariants);
  return variants.length > 0 ? variants : [""];
}

function metaOf(folder: string, file: string, key: string): string[] {
  const text = readFileSync(join(folder, file), "utf8");
  const lines = text.matchAll(/^\/\/ META: (\w+)=(.*)$/gm);
  return [...lines].flatMap(([, name, value]) =>
    name === key && value !== undefined ? [value.trim()] : [],
  );
}

/** The harness, the scripts that the test names, and the test: a module whose function calls back with the results. */
export function scriptOf(
  { folder, file, variant }: TestFile,
  place: TestPlace,
): string {
  const read = (path: string) => {
    const text = readFileSync(join(folder, moved[path] ?? path), "utf8");
    return path.includes(".sub.") ? filledIn(text, place) : text;
  };
  const scripts = metaOf(folder, file, "script").map((path) =>
    read(path.startsWith("/") ? path : join(dirname(file), path)),
  );
  const address = `${place.origin}/${file.replace(/\.js$/, ".worker.html")}${variant}`;
  return `
    const scripts = ${JSON.stringify([read(harnessFile), ...scripts, read(file)])};
    const run = eval;
    module.exports = (cb) => {
      globalThis.self = globalThis;
      globalThis.location = new URL(${JSON.stringify(address)});
      // What undici has for the address that a worker's relative ones belong to.
      globalThis[Symbol.for("undici.globalOrigin.1")] = location;
      globalThis.GLOBAL = { isWindow: () => false, isWorker: () => true, isShadowRealm: () => false };
      const send = fetch;
      const within = (input) => typeof input === "string" && URL.canParse(input, location) ? new URL(input, location).href : input;
      globalThis.fetch = (input, init) => send(within(input), init);
      // A browser's. Tests of other things read blobs with it.
      globalThis.FileReader = class extends EventTarget {
        result = null;
        readAsText(blob) { this.#read(blob.text()); }
        readAsArrayBuffer(blob) { this.#read(blob.arrayBuffer()); }
        async #read(reading) {
          this.result = await reading;
          for (const name of ["load", "loadend"]) {
            const event = new Event(name);
            this["on" + name]?.(event);
            this.dispatchEvent(event);
          }
        }
      };
      const [harness, ...tests] = scripts;
      run(harness);
      setup({ explicit_done: true });
      setTimeout(timeout, ${harnessMs});
      add_completion_callback((all, status) => {
        const results = all.map(({ name, status, message }) => (
          { name, passed: status === 0, message: String(message ?? "").slice(0, 300) }));
        // 2: some had no end, and say so themselves.
        if (status.status !== 0 && status.status !== 2)
          results.push({ name: "the harness", passed: false, message: String(status.message).slice(0, 300) });
        cb(null, results);
      });
      // In one: what a script declares with const, the next one sees.
      run(tests.join("\\n;\\n"));
      done();
    };`;
}

/** What the server puts into files named so: it has one name, two ports, and no TLS. */
function filledIn(text: string, { origin, otherPort }: TestPlace): string {
  const { hostname, port } = new URL(origin);
  return text
    .replaceAll("{{ports[http][1]}}", `${otherPort}`)
    .replaceAll(/\{\{ports\[\w+\]\[\d\]\}\}/g, port)
    .replaceAll(/\{\{(host|domains\[\w*\]|hosts\[\w*\]\[\w*\])\}\}/g, hostname);
}
