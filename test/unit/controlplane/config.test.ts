import { join } from "node:path";
import { expect, test } from "vitest";
import { readOrder } from "../../../controlplane/config.ts";

test("serves on the loopback's ports 7700 and 7701 unless told otherwise", () => {
  const order = readOrder([], {});
  expect(order).toMatchObject({
    name: "serve",
    config: {
      home: join(process.cwd(), ".annex"),
      host: "127.0.0.1",
      grpcPort: 7700,
      httpPort: 7701,
    },
  });
  expect(Object.isFrozen(order.config)).toBe(true);
});

test("takes flags before and after the command", () => {
  const config = { home: "/h", grpcPort: 9000, httpPort: 9001 };
  const flags = ["--home", "/h", "--port-base", "9000"];
  expect(readOrder(["serve", ...flags], {})).toMatchObject({ config });
  expect(readOrder([...flags, "serve"], {})).toMatchObject({ config });
  expect(readOrder([...flags, "--http-port", "0"], {})).toMatchObject({
    config: { ...config, httpPort: 0 },
  });
});

test.each([
  ["::1", "::1"],
  ["[::1]", "::1"],
  ["0.0.0.0", "0.0.0.0"],
  ["localhost", "localhost"],
])("listens where --control-host says: %s", (given, host) => {
  expect(readOrder(["--control-host", given], {})).toMatchObject({
    config: { host },
  });
});

test("reads the operator's commands", () => {
  expect(readOrder(["backup", "f"], {})).toMatchObject({
    name: "backup",
    file: "f",
  });
  expect(readOrder(["restore", "f", "--replace"], {})).toMatchObject({
    name: "restore",
    file: "f",
    replace: true,
  });
  expect(readOrder(["admin-token"], {})).toMatchObject({
    name: "token",
    kind: "admin",
  });
  expect(readOrder(["join-token"], {})).toMatchObject({
    name: "token",
    kind: "join",
  });
});

test("refuses a misspelt variable and names the nearest", () => {
  expect(() => readOrder([], { ANNEX_HOM: "/h" })).toThrow(
    "unknown setting ANNEX_HOM: did you mean ANNEX_HOME?",
  );
  readOrder([], { ANNEX_SOCKET_MODE: "660", ANNEX_SOMETHING_ELSE: "1" });
});
