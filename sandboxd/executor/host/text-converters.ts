/** Texts in the encodings of old: each one in the middle keeps a converter of ICU's here. */
import { TextDecoder } from "node:util";
import { HostRefusal, numberIn, type HostOperations } from "./operations.ts";
import { checkedBytes } from "./text-checks.ts";

/** Of one isolate. A text that was left in the middle longest gives way. */
const maxConverters = 128;
/** Of an encoding's name. */
const maxLabelChars = 64;
/** Of Node's library: a TextDecoder's options. */
const isFatalFlag = 2;
const ignoresMarkFlag = 4;

export function converterOperations(): HostOperations {
  const converters = new Map<unknown, TextDecoder>();
  let lastId = 0;
  const take = (id: unknown): TextDecoder => {
    const converter = converters.get(id);
    if (!converter)
      throw new HostRefusal(
        "ERR_INVALID_STATE",
        `more than ${maxConverters} texts were being decoded at once; this one gave way`,
      );
    converters.delete(id);
    return converter;
  };
  return {
    "text.knows": (label) => {
      try {
        converterOf(label, 0);
        return true;
      } catch {
        return false;
      }
    },
    /** A whole text, or the end of one that was opened. */
    "text.convert": (label, flags, bytes, open) => {
      const converter =
        open === undefined ? converterOf(label, flags) : take(open);
      return converter.decode(checkedBytes(bytes));
    },
    "text.open": (label, flags) => {
      for (const [oldest] of converters) {
        if (converters.size < maxConverters) break;
        converters.delete(oldest);
      }
      converters.set(++lastId, converterOf(label, flags));
      return lastId;
    },
    "text.continue": (id, bytes) => {
      const checked = checkedBytes(bytes);
      const converter = take(id);
      // At the end of the line again.
      converters.set(id, converter);
      return converter.decode(checked, { stream: true });
    },
  };
}

function converterOf(label: unknown, flags: unknown): TextDecoder {
  if (typeof label !== "string" || label.length > maxLabelChars)
    throw new HostRefusal("ERR_INVALID_ARG_VALUE", "no such encoding");
  const bits = numberIn(flags);
  return new TextDecoder(label, {
    fatal: (bits & isFatalFlag) !== 0,
    ignoreBOM: (bits & ignoresMarkFlag) !== 0,
  });
}
