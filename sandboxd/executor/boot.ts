/**
 * What Node runs. The executor's program lies packed in a comment of this very file, with the library: so Node holds no
 * text of either, and what V8 made of the program ahead is used.
 */
import { Script } from "node:vm";
import { LibraryReader } from "./library/reader.ts";

const library = new LibraryReader(__filename);
const program = library.script("program");
if (!program) throw new Error("the executor's file holds no program");
const script = new Script(program.text, {
  filename: __filename,
  cachedData: program.code,
});
const run: unknown = script.runInThisContext();
if (typeof run === "function") run(require, library);
