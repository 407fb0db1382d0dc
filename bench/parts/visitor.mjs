/** A browser with one cookie. */
export class Visitor {
  cookie = '';

  constructor(url) {
    this.url = url;
  }

  /** @returns status, body and duration in milliseconds; the status is 0 if no answer came in time */
  async get(path, withinMs = 10_000) {
    const begin = performance.now();
    try {
      const response = await fetch(this.url + path, {
        headers: { cookie: this.cookie },
        signal: AbortSignal.timeout(withinMs),
      });
      const text = await response.text();
      const cookie = response.headers.getSetCookie()[0]?.split(';')[0];
      if (cookie !== undefined) this.cookie = cookie;
      return { status: response.status, body: parsed(text), ms: performance.now() - begin };
    } catch {
      return { status: 0, body: undefined, ms: performance.now() - begin };
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
