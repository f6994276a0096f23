/** Whether code is likely to use Node's library: then an executor that has it loaded already serves its first call sooner. */

/** Names of what comes out of it. One that is missed costs time at its first use; one in a comment costs memory. */
const names =
  /\b(?:require|import|process|Buffer|crypto|performance|structuredClone|fetch|atob|btoa|navigator|Headers|Request|Response|FormData|Blob|File|DOMException|URL\w*|Text(?:En|De)coder\w*|Abort(?:Controller|Signal)|\w*(?:Event|EventTarget|Stream|Channel))\b/;

/** Larger bundles hold packages, and are not looked through on the loop that carries calls. */
const maxReadBytes = 64 * 1024;

/** Of a bundle and what follows it. */
export function usesLibrary({
  content,
  bundleBytes,
}: {
  content: Uint8Array;
  bundleBytes: number;
}): boolean {
  if (bundleBytes > maxReadBytes) return true;
  const { buffer, byteOffset } = content;
  return names.test(
    Buffer.from(buffer, byteOffset, bundleBytes).toString("latin1"),
  );
}
