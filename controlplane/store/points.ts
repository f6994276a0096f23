import type { Page, PageRequest } from "../domain/page.ts";
import type { Binding, Point } from "../domain/point.ts";
import type { ChangeOptions, EtagOption } from "./changes.ts";

/** Keeps extensibility points and what is bound at them. */
export interface PointStore {
  create(request: { name: string } & ChangeOptions): Promise<Point>;
  get(name: string): Promise<Point>;
  list(request: PageRequest): Promise<Page<Point>>;
  /** Refused with precondition while extensions are bound there. */
  delete(request: { name: string } & EtagOption & ChangeOptions): Promise<void>;
  /** Refused with precondition where another extension is bound, unless `replace`. */
  bind(
    request: Binding & { replace?: boolean | undefined } & ChangeOptions,
  ): Promise<Binding>;
  unbind(request: Omit<Binding, "extension"> & ChangeOptions): Promise<void>;
  listBindings(container: string): Promise<Binding[]>;
}
