/** The checks of path, path/posix and path/win32, which have the same members. */
import type nodePath from "node:path";
import { member, thrown, type Check } from "./check.ts";

const paths = [
  "/a/b/c.txt",
  "C:\\a\\b\\c.txt",
  "./x/../y//z/",
  "",
  ".",
  "..",
  "file.tar.gz",
  ".profile",
  "\\\\server\\share\\file",
  "c:relative",
];

export function pathChecks(path: typeof nodePath): Record<string, Check> {
  return {
    resolve: () => [
      path.resolve("/a", "b", "../c"),
      path.resolve("/x", "C:\\a", "..", "b"),
      path.resolve("/a/", "./b//c"),
    ],
    normalize: () => paths.map((each) => path.normalize(each)),
    isAbsolute: () => paths.map((each) => path.isAbsolute(each)),
    join: () => [
      paths.map((each) => path.join("/root", each, "..")),
      thrown(() => member(path, "join")(1)),
    ],
    relative: () => [
      path.relative("/a/b/c", "/a/d"),
      path.relative("C:\\a\\b", "C:\\a\\c\\d"),
      path.relative("/a", "/a"),
    ],
    toNamespacedPath: () => [
      path.toNamespacedPath("/a/b"),
      path.toNamespacedPath("C:\\a\\b"),
    ],
    dirname: () => paths.map((each) => path.dirname(each)),
    basename: () => [
      paths.map((each) => path.basename(each)),
      path.basename("/a/b.txt", ".txt"),
      path.basename("C:\\a\\b.txt", ".txt"),
    ],
    extname: () => paths.map((each) => path.extname(each)),
    format: () => [
      path.format({ dir: "/a/b", base: "c.txt" }),
      path.format({ root: "/", name: "c", ext: "txt" }),
    ],
    parse: () => paths.map((each) => path.parse(each)),
    matchesGlob: () => [
      path.matchesGlob("/a/b.js", "/a/*.js"),
      path.matchesGlob("/a/b/c.js", "/a/*.js"),
      path.matchesGlob("/a/b/c.js", "/a/**/*.{js,ts}"),
    ],
    sep: () => path.sep,
    delimiter: () => path.delimiter,
    win32: () => [path.win32.join("a", "..", "b\\c"), path.win32.sep],
    posix: () => [path.posix.join("a", "..", "b/c"), path.posix.sep],
    _makeLong: () => [
      member(path, "_makeLong")("/a/b"),
      member(path, "_makeLong")("C:\\a"),
    ],
  };
}
