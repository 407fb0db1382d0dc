const AT_ONCE = 8;

/** Cookies of sessions that were just made through a server's own route. */
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
  // The ceiling's visitors send a cookie as long as the others do.
  return cookie?.split(';')[0] ?? `sid=${'x'.repeat(66)}`;
}
