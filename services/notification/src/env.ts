/** What the notification service reads from the environment. */
import { SETTINGS as CHASSIS } from "./chassis/chassis.ts";
import { flag, setting, Unreadable, type Settings as Read } from "./chassis/settings.ts";
import { isDatabaseUrl } from "./chassis/sql/open.ts";

export const DATABASE = { databaseUrl: setting(databaseUrl), logLevel: CHASSIS.logLevel };

/** smtpUrl: empty when email is off. mailFrom: who letters are from. webUrl: where the page is; empty without one. */
export const SETTINGS = {
  ...CHASSIS,
  ...DATABASE,
  migrateOnStart: flag(false),
  smtpUrl: setting(address("smtp:", "smtps:"), ""),
  mailFrom: setting(oneLine, "Coursemesh <no-reply@coursemesh.example>"),
  webUrl: setting(address("http:", "https:"), ""),
};

export type Settings = Read<typeof SETTINGS>;

// None of these says what was given: there may be a password in it.
function databaseUrl(given: string): string {
  if (isDatabaseUrl(given)) return given;
  throw new Unreadable("is neither sqlite:///absolute/path.db nor postgresql://user:password@host:port/name");
}

function address(...schemes: readonly string[]): (given: string) => string {
  return (given) => {
    if (given === "" || (URL.canParse(given) && schemes.includes(new URL(given).protocol))) return given;
    throw new Unreadable(`does not begin with ${schemes.map((scheme) => `${scheme}//`).join(" or ")}`);
  };
}

function oneLine(given: string): string {
  if (given !== "" && !/\p{Cc}/u.test(given)) return given;
  throw new Unreadable("is no name and address");
}
