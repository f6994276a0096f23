/**
 * Structured clone within one realm. V8's own serializer is out of a guest's reach, so this walks the value as the HTML
 * standard says, with V8's choices and words. With a transfer list it walks twice: only what could be cloned is moved.
 */

import {
  isDetached,
  isObject,
  moveBuffer,
  nameOf,
  works,
  bufferLength,
} from "./kinds.ts";
import { Walk, type CloneParts } from "./walk.ts";

export type Clone = (value: unknown, transfer: readonly unknown[]) => unknown;

const isTransferable = 1;

export function createClone(parts: CloneParts): Clone {
  return (value, transfer) => {
    if (transfer.length === 0) return new Walk(parts).copy(value);
    const list = checkedList(parts, transfer);
    const walk = new Walk(parts);
    const stands = list.map((item) => walk.leaveOut(item));
    const copy = walk.copy(value);
    const moving = new Walk(parts, walk.views);
    // Each may carry others of the list inside, which come after it.
    for (let at = list.length - 1; at >= 0; at--)
      moving.put(stands[at], moved(parts, moving, walk, list[at]));
    return moving.copy(copy);
  };
}

/** The list with what its members carry. */
function checkedList(
  parts: CloneParts,
  transfer: readonly unknown[],
): object[] {
  const list: object[] = [];
  const refuse = (message: string) => {
    throw parts.createError(message);
  };
  const add = (item: unknown) => {
    if (!isObject(item) || parts.proxies.detailsOf(item))
      return refuse("Found invalid value in transferList.");
    const isBuffer = works(bufferLength, item);
    if (list.includes(item))
      return refuse(
        `Transfer list contains duplicate ${isBuffer ? "ArrayBuffer" : nameOf(item)}`,
      );
    const mode = isBuffer ? isTransferable : parts.transferModeOf(item);
    if (mode === undefined)
      return refuse("Found invalid value in transferList.");
    const isHeld = parts.isHeld(item) || (isBuffer && isDetached(item));
    if ((mode & isTransferable) === 0 || isHeld)
      return refuse("Cannot transfer object of unsupported type.");
    list.push(item);
    const carried: unknown = Reflect.get(item, parts.symbols.transferList);
    if (typeof carried !== "function") return undefined;
    const inner: unknown = carried.call(item);
    if (Array.isArray(inner)) inner.forEach(add);
    return undefined;
  };
  transfer.forEach(add);
  return list;
}

function moved(
  parts: CloneParts,
  moving: Walk,
  walk: Walk,
  item: object | undefined,
): object {
  if (item === undefined) throw new TypeError("nothing to move");
  if (works(bufferLength, item)) return moveBuffer(item);
  const native = parts.move(item);
  if (native) return native;
  const transfer: unknown = Reflect.get(item, parts.symbols.transfer);
  if (typeof transfer !== "function")
    throw parts.createError("Cannot transfer object of unsupported type.");
  const { data, deserializeInfo } = transfer.call(item);
  return parts.receive(deserializeInfo, moving.copy(walk.copyData(data)));
}
