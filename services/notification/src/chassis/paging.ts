/** Pages of a list: sizes are brought into bounds, tokens are opaque and checked. */
import { isId } from "./ids.ts";
import { InvalidArgument } from "./refusals.ts";

const DEFAULT = 20;
const MOST = 100;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** The page that is asked for: at most `size` rows beyond the id `after`, from the start without one. */
export interface Asked {
  readonly size: number;
  readonly after: string | undefined;
}

/** A page: its rows, and the token that asks for the next one; empty on the last. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly nextToken: string;
}

/** Reads a request's page_size (20 when not positive, never more than 100) and page_token. */
export function asked(pageSize: number, pageToken: string): Asked {
  const size = pageSize > 0 ? Math.min(pageSize, MOST) : DEFAULT;
  return { size, after: pageToken === "" ? undefined : decode(pageToken) };
}

/** A page of rows of which one more than `size` was read, to know whether there is a next page. */
export function page<Row>(rows: readonly Row[], size: number, idOf: (row: Row) => string): Page<Row> {
  const shown = rows.slice(0, size);
  const last = shown.at(-1);
  return { rows: shown, nextToken: rows.length > size && last !== undefined ? encode(idOf(last)) : "" };
}

function encode(id: string): string {
  return Buffer.from(`v1:${id}`).toString("base64url");
}

function decode(token: string): string {
  const [version, id] = (BASE64URL.test(token) ? Buffer.from(token, "base64url").toString() : "").split(":", 2);
  if (version === "v1" && id !== undefined && isId(id) && encode(id) === token) return id;
  throw new InvalidArgument({ page_token: "give the next_page_token of an earlier answer, or none" });
}
