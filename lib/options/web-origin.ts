/** What is wrong with a list of origins, a sentence for each. @param option the name of the list */
export function faultsOfOrigins(option: string, origins: readonly unknown[]): string[] {
  return origins
    .filter((origin) => !isOrigin(origin))
    .map(
      (origin) =>
        `${option} contains ${shown(origin)}, which is not the origin of a site. Write scheme, host and port only, like "https://shop.example" or "http://localhost:4200".`,
    );
}

// A URL with an "@" may contain a password.
function shown(origin: unknown): string {
  if (typeof origin !== 'string') return `a value of type ${typeof origin}`;
  return origin.includes('@') ? 'a URL with a user name' : JSON.stringify(origin.slice(0, 100));
}

// Web origins, and those of applications: capacitor://localhost, chrome-extension://…
function isOrigin(text: unknown): boolean {
  if (typeof text !== 'string' || !URL.canParse(text)) return false;
  const { protocol, host, origin } = new URL(text);
  return origin === 'null' ? host !== '' && text === `${protocol}//${host}` : text === origin;
}
