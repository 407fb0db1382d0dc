/** The measured routes. `cookies` selects the visitors' sessions: none, small or large. */
export const routes = [
  { name: 'no cookie', path: '/none', cookies: 'none' },
  { name: 'untouched', path: '/untouched', cookies: 'small' },
  { name: 'read', path: '/read', cookies: 'small' },
  { name: 'change', path: '/change', cookies: 'small' },
  { name: 'read 10 KB', path: '/read', cookies: 'large' },
  { name: 'change 10 KB', path: '/change', cookies: 'large' },
  { name: 'new session', path: '/new', cookies: 'none' },
];

/** The routes to run at this distance from Redis and with this number of connections: all only near, and with many. */
export function chosenRoutes({ routes: wanted }, distance, connections) {
  if (wanted.length > 0) return routes.filter(({ name }) => wanted.includes(name));
  const all = distance === 'near' && connections > 1;
  return routes.filter(({ name }) => all || ['read', 'change'].includes(name));
}
