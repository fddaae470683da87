/** Logs: one JSON object a line on stderr, with the service and the trace it belongs to. */
import { Unreadable } from "./settings.ts";
import { traceId } from "./telemetry.ts";

const LEVELS = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 } as const;

type Level = keyof typeof LEVELS;
type Fields = Readonly<Record<string, unknown>>;

const configured = {
  service: "",
  least: LEVELS.INFO as number,
  write: (line: string): void => { process.stderr.write(line); },
};

/** A level's name, from the environment. */
export function level(given: string): string {
  if (Object.keys(LEVELS).includes(given.toUpperCase())) return given.toUpperCase();
  throw new Unreadable(`is none of ${Object.keys(LEVELS).join(", ")}: '${given}'`);
}

/** level: the least that is told. write: where lines go; stderr unless told otherwise. */
export function configure(service: string, level: string, write = configured.write): void {
  configured.service = service;
  configured.least = Object.entries(LEVELS).find(([name]) => name === level.toUpperCase())?.[1] ?? LEVELS.INFO;
  configured.write = write;
}

function tell(level: Level, message: string, fields: Fields, error?: unknown): void {
  if (LEVELS[level] < configured.least) return;
  const trace = traceId();
  const line = {
    time: new Date().toISOString().replace("Z", "+00:00"),
    level,
    service: configured.service,
    message,
    ...(trace === "" ? {} : { trace_id: trace }),
    ...fields,
    ...(error === undefined ? {} : { exception: described(error) }),
  };
  configured.write(`${JSON.stringify(line)}\n`);
}

function described(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What became of an error, without its text: that may hold addresses and credentials. */
export function kindOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

function at(level: Level): (message: string, fields?: Fields, error?: unknown) => void {
  return (message, fields = {}, error) => { tell(level, message, fields, error); };
}

export const log = {
  debug: at("DEBUG"),
  info: at("INFO"),
  warning: at("WARNING"),
  error: at("ERROR"),
};
