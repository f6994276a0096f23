import { StringDecoder } from "node:string_decoder";
import { member, thrown, type Surface } from "../check.ts";

const euro = Buffer.from([0xe2, 0x82, 0xac]);

export const surface: Surface = {
  module: "string_decoder",
  checks: {
    StringDecoder: () => [
      Reflect.get(new StringDecoder(), "encoding"),
      Reflect.get(Reflect.construct(StringDecoder, ["UCS-2"]), "encoding"),
      thrown(() => Reflect.construct(StringDecoder, ["nonsense"])),
    ],
    "StringDecoder#write": () => {
      const decoder = new StringDecoder("utf8");
      return [
        ...Array.from(euro, (byte) => decoder.write(Buffer.from([byte]))),
        new StringDecoder("base64").write(Buffer.from("abcd")),
        new StringDecoder("utf16le").write(Buffer.from([0x3d, 0xd8, 0x4d])),
        thrown(() => member(decoder, "write")(null)),
      ];
    },
    "StringDecoder#end": () => {
      const decoder = new StringDecoder("utf8");
      decoder.write(euro.subarray(0, 2));
      return [decoder.end(), new StringDecoder("hex").end(euro)];
    },
    "StringDecoder#text": () => {
      const decoder = new StringDecoder("utf8");
      return member(decoder, "text")(Buffer.from("zz€"), 2);
    },
    "StringDecoder#lastChar": () => {
      const decoder = new StringDecoder("utf8");
      decoder.write(euro.subarray(0, 2));
      return Buffer.from(Reflect.get(decoder, "lastChar")).subarray(0, 2);
    },
    "StringDecoder#lastNeed": () => {
      const decoder = new StringDecoder("utf8");
      decoder.write(euro.subarray(0, 2));
      return Reflect.get(decoder, "lastNeed");
    },
    "StringDecoder#lastTotal": () => {
      const decoder = new StringDecoder("utf8");
      decoder.write(euro.subarray(0, 2));
      return Reflect.get(decoder, "lastTotal");
    },
  },
};
