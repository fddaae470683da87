/** Settings: read from the environment, once, at the start. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** How one variable is read. `fallback` is what it is when not set; without one it must be set. */
export interface Setting<Value> {
  readonly read: (given: string) => Value;
  readonly fallback?: Value;
}

export type Settings<Spec> = { readonly [Name in keyof Spec]: Spec[Name] extends Setting<infer Value> ? Value : never };

/** Set, but not to something of use; the text says what it is not. */
export class Unreadable extends Error {}

export function text(fallback?: string): Setting<string> {
  return setting((given) => given, fallback);
}

export function number(fallback?: number): Setting<number> {
  return setting(asNumber, fallback);
}

export function flag(fallback?: boolean): Setting<boolean> {
  return setting(asFlag, fallback);
}

export function setting<Value>(read: (given: string) => Value, fallback?: Value): Setting<Value> {
  return fallback === undefined ? { read } : { read, fallback };
}

/** The settings and every problem with them: `natsUrl` is the variable NATS_URL. */
export function parse<Spec extends Record<string, Setting<unknown>>>(
  spec: Spec,
  environment: Environment,
): { settings: Settings<Spec>; problems: string[] } {
  const settings: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, wanted] of Object.entries(spec)) {
    try {
      settings[name] = one(variable(name), wanted, environment);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      problems.push(`${variable(name)} ${error.message}`);
    }
  }
  return { settings: settings as Settings<Spec>, problems };
}

/** The settings; ends the process with status 2 and one line that names every missing or unreadable variable. */
export function read<Spec extends Record<string, Setting<unknown>>>(
  spec: Spec,
  environment: Environment,
): Settings<Spec> {
  const { settings, problems } = parse(spec, environment);
  if (problems.length > 0) {
    process.stderr.write(`cannot start: ${problems.join("; ")}\n`);
    process.exit(2);
  }
  return settings;
}

function one(name: string, wanted: Setting<unknown>, environment: Environment): unknown {
  const given = environment[name];
  const needed = !("fallback" in wanted);
  // A setting that is needed and set to nothing is missing: that is how an unset one often arrives.
  if (given === undefined || (given === "" && needed)) {
    if (needed) throw new Unreadable("is not set");
    return wanted.fallback;
  }
  return wanted.read(given);
}

function variable(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function asNumber(given: string): number {
  const found = given.trim() === "" ? Number.NaN : Number(given);
  if (!Number.isFinite(found)) throw new Unreadable(`is not a number: '${given}'`);
  return found;
}

function asFlag(given: string): boolean {
  const lower = given.toLowerCase();
  if (["1", "true", "yes", "on"].includes(lower)) return true;
  if (["0", "false", "no", "off", ""].includes(lower)) return false;
  throw new Unreadable(`is neither true nor false: '${given}'`);
}
