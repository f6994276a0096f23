/** The guest's own frames of a stack, at the places of the author's source. */
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";

/** A place in a source file; line and column count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** Of a failure's stack with the author's names in it: what no failure should need, and a head of the pipe can hold. */
export const maxStackChars = 8 * 1024;
const maxFrames = 20;
/** Of one line of a log. */
const maxTextFrames = 100;
const frameStart = "    at ";
const framePattern = /^ +at .*:\d+:\d+\)?/;
/** What is not the author's: the runtime, and Node's library, whose lines are those of one long line. */
const runtimePattern =
  /^ +at (?:.* \()?(?:annex:|node:|<isolated-vm)[^\s()]*:\d+:\d+\)?/;
/** Of a stack that a program reads: V8 may put a message of any length before its frames. */
const maxReadChars = 64 * 1024;
/** A map's names of files are the author's, and of any length. */
const maxFileChars = 1000;
/** A line that is longer is no frame. */
const maxFrameChars = 2 * maxFileChars;

/** Maps places of one bundle to its sources; the map is read when the first error asks. */
export class SourcePlaces {
  readonly #fileName: string;
  #mapText: Buffer | undefined;
  #map: TraceMap | undefined;
  /** The source's own. */
  #files: ReadonlySet<string> = new Set();

  constructor(fileName: string, mapText: Buffer) {
    this.#fileName = fileName;
    this.#mapText = mapText.length > 0 ? mapText : undefined;
  }

  /** The place in the source, or in the bundle where the map has none. */
  original(line: number, column: number): Place {
    const map = this.#readMap();
    const found = map && originalPositionFor(map, { line, column: column - 1 });
    if (!found || found.source === null)
      return { file: this.#fileName, line, column };
    return {
      file: found.source.slice(0, maxFileChars),
      line: found.line,
      column: found.column + 1,
    };
  }

  /** V8's stack without the frames that are not the guest's; one a line. */
  guestFrames(stack: string): string {
    return this.#frames(stack, maxFrames).map(frameText).join("\n");
  }

  /** Text in which stacks may stand: the guest's frames at their places, those of the runtime left out. */
  inText(text: string): string {
    return eachFrame(text, (line) => {
      const frame = this.#readFrame(line);
      const indent = line.slice(0, line.length - line.trimStart().length);
      return frame && indent + frameText(frame);
    });
  }

  /** A stack as the program itself reads it, its files by the names it knows them by; undefined for what is too long. */
  asRead(stack: string): string | undefined {
    if (stack.length > maxReadChars) return undefined;
    return eachFrame(stack, (line) => {
      const frame = this.#readBundleFrame(line);
      if (!frame || frame.place.file === this.#fileName) return undefined;
      const { start, end, place } = frame;
      return `${line.slice(0, start)}/${placeText(place)}${line.slice(end)}`;
    });
  }

  /** The place of the topmost guest frame. */
  first(stack: string): Place | undefined {
    return this.#frames(stack, 1)[0]?.place;
  }

  #frames(stack: string, count: number): Frame[] {
    const frames: Frame[] = [];
    for (const line of stack.split("\n")) {
      if (frames.length === count) break;
      const frame = this.#readFrame(line.slice(0, maxFrameChars));
      if (frame) frames.push(frame);
    }
    return frames;
  }

  /** Other text is not a frame of the guest's. */
  #readFrame(text: string): Frame | undefined {
    return this.#readBundleFrame(text) ?? this.#readSourceFrame(text);
  }

  /** As V8 writes it: `at name (file:line:column)` or `at file:line:column`, of the bundle. */
  #readBundleFrame(text: string): (Frame & Span) | undefined {
    const start = text.lastIndexOf(this.#fileName);
    if (start < 0) return undefined;
    const named = beforePlace.exec(text.slice(0, start));
    const after = text.slice(start + this.#fileName.length);
    const position = /^:(\d{1,9}):(\d{1,9})(\)?)$/.exec(after);
    if (!named || !position) return undefined;
    const [, line, column, closing = ""] = position;
    const place = this.original(Number(line), Number(column));
    const end = text.length - closing.length;
    return { ...nameOf(named), place, start, end };
  }

  /** As the program reads it. */
  #readSourceFrame(text: string): Frame | undefined {
    const found = /\/([^()]+):(\d{1,9}):(\d{1,9})\)?$/.exec(text);
    const [, file = "", line, column] = found ?? [];
    this.#readMap();
    if (!found || !this.#files.has(file)) return undefined;
    const named = beforePlace.exec(text.slice(0, found.index));
    if (!named) return undefined;
    const place = { file, line: Number(line), column: Number(column) };
    return { ...nameOf(named), place };
  }

  #readMap(): TraceMap | undefined {
    if (this.#map || !this.#mapText) return this.#map;
    const text = this.#mapText.toString();
    this.#mapText = undefined;
    try {
      this.#map = new TraceMap(text);
      const files = this.#map.resolvedSources;
      this.#files = new Set(files.map((file) => file.slice(0, maxFileChars)));
    } catch {
      // A map that cannot be read costs the places, not the answer.
    }
    return this.#map;
  }
}

interface Frame {
  /** It awaited the frames above it. */
  isAsync: boolean;
  name: string | undefined;
  place: Place;
}

/** Where in its line a frame tells its place. */
interface Span {
  start: number;
  end: number;
}

/** What stands before a frame's place, with its name. */
const beforePlace = /^ +at (async )?(?:(.*) \()?$/;
/** What `util.inspect` writes behind the last frame of an error within something else. */
const behindFrame = /[ ,{}[\]]+$/;
const maxBehindChars = 64;

function nameOf([, async, name]: RegExpExecArray) {
  return { isAsync: async !== undefined, name };
}

/** Text with its frames as they are rewritten, those of the runtime left out; the others stay. */
function eachFrame(
  text: string,
  rewrite: (line: string) => string | undefined,
): string {
  if (!text.includes(frameStart)) return text;
  let left = maxTextFrames;
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    const isFrame = framePattern.test(line.slice(0, maxFrameChars));
    const behind =
      (isFrame && behindFrame.exec(line.slice(-maxBehindChars))?.[0]) || "";
    const frame = line.slice(0, line.length - behind.length);
    const rewritten = isFrame && left-- > 0 ? rewrite(frame) : undefined;
    if (rewritten !== undefined) lines.push(rewritten + behind);
    else if (!isFrame || !runtimePattern.test(line)) lines.push(line);
    else lines.push((lines.pop() ?? "") + behind);
  }
  return lines.join("\n");
}

function frameText({ isAsync, name, place }: Frame): string {
  const before = isAsync ? "at async" : "at";
  const at = placeText(place);
  return name === undefined ? `${before} ${at}` : `${before} ${name} (${at})`;
}

function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
