/** Replaces jsdom's own types: see tsconfig.json. */
export type JSDOM = unknown;
export type CookieJar = unknown;
export type ConstructorOptions = unknown;
