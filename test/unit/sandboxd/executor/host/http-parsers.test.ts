/** What parsers of HTTP may keep for one isolate, and that it is given back. */
import { afterEach, expect, test, vi } from "vitest";
import { createHostCalls } from "../../../../../sandboxd/executor/host/host-calls.ts";

const mebibyte = 1024 * 1024;
const request = 1;

const heap = { limit: 0, total: 0, used: 0, external: 0 };
const openParser = (
  host: ReturnType<typeof createHostCalls>,
  headerBytes: number,
) => host.call("parser.open", request, headerBytes, 0);

afterEach(() => void vi.restoreAllMocks());

test("heads that are read at once hold 16 MiB together, and a parser that is closed makes room", () => {
  const host = createHostCalls({ heap: () => heap, stackAsRead: String });
  const refusal = {
    thrown: {
      code: "ERR_ANNEX_LIMIT",
      message: expect.stringContaining(String(16 * mebibyte)),
    },
  };
  const ids = Array.from({ length: 16 }, () => openParser(host, mebibyte));
  expect(ids).toEqual(ids.map((_id, at) => at + 1));
  expect(openParser(host, 1)).toMatchObject(refusal);
  // More than one may keep is no more than that.
  host.call("parser.close", ids[0]);
  expect(openParser(host, 100 * mebibyte)).toBe(17);
  expect(openParser(host, 1)).toMatchObject(refusal);
  // Closed once more it makes no more room.
  host.call("parser.close", ids[0]);
  expect(openParser(host, 1)).toMatchObject(refusal);
  host.close();
});

test("parsers are closed with their isolate: Node would keep each for ever", () => {
  const { HTTPParser } = common();
  const close = vi.spyOn(HTTPParser.prototype, "close");
  const host = createHostCalls({ heap: () => heap, stackAsRead: String });
  const ids = Array.from({ length: 256 }, () => openParser(host, 1024));
  expect(openParser(host, 1024)).toHaveProperty(
    "thrown.code",
    "ERR_ANNEX_LIMIT",
  );
  const head = new Uint8Array(Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n"));
  for (const id of ids) host.call("parser.execute", id, head);
  host.call("parser.close", ids[0]);
  expect(close).toHaveBeenCalledTimes(1);
  host.close();
  expect(close).toHaveBeenCalledTimes(256);
  host.close();
  expect(close).toHaveBeenCalledTimes(256);
});

interface Common {
  HTTPParser: { prototype: { close: () => void } };
}

function common(): Common {
  const found: unknown = process.getBuiltinModule("_http_common");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the pinned Node, which its types leave out
  return found as Common;
}
