const AT_ONCE = 8;

/** Creates sessions through a route of the server. @returns their cookies */
export async function visitors(url, count, path) {
  const cookies = [];
  let left = count;
  async function visit() {
    while (left-- > 0) cookies.push(await cookieOf(`${url}${path}`));
  }
  await Promise.all(Array.from({ length: AT_ONCE }, visit));
  return cookies;
}

async function cookieOf(url) {
  const response = await fetch(url);
  await response.arrayBuffer();
  const cookie = response.headers.getSetCookie()[0];
  if (!response.ok) throw new Error(`${url} answered ${response.status}.`);
  // Without sessions, visitors send a cookie of the same length as the others.
  return cookie?.split(';')[0] ?? `sid=${'x'.repeat(66)}`;
}
