/**
 * What V8 makes of the code in the executor's file, told as JSON: run with an executor's flags by library-code.test.ts, for
 * V8 takes no code that was made under others.
 */
import ivm from "isolated-vm";
import { LibraryReader } from "../../sandboxd/executor/library/reader.ts";
import { executorFile } from "./paths.ts";

/** Of one script. */
export interface CodeFound {
  name: string;
  isTaken: boolean;
  bytes: number;
  /** Of code that V8 makes of the text alone. */
  bareBytes: number;
}

if (import.meta.main) {
  const reader = new LibraryReader(executorFile);
  process.stdout.write(JSON.stringify(reader.names.map(look)));

  function look(name: string): CodeFound {
    const { text, code } = reader.script(name) ?? { text: "", code: [] };
    const isolate = new ivm.Isolate();
    const cachedData = new ivm.ExternalCopy(new Uint8Array(code).buffer);
    const taken = isolate.compileScriptSync(text, { cachedData });
    const bare = new ivm.Isolate().compileScriptSync(text, {
      produceCachedData: true,
    });
    return {
      name,
      isTaken: Reflect.get(taken, "cachedDataRejected") === false,
      bytes: code.length,
      bareBytes: codeBytesOf(bare),
    };
  }
}

function codeBytesOf(script: ivm.Script): number {
  const made: unknown = Reflect.get(script, "cachedData");
  const copy: unknown = made instanceof ivm.ExternalCopy && made.copy();
  return copy instanceof ArrayBuffer ? copy.byteLength : 0;
}
