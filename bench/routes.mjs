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

/** The routes to run at this distance from Redis. */
export function chosenRoutes({ routes: wanted }, distance) {
  return routes.filter(
    ({ name }) =>
      (wanted.length === 0 || wanted.includes(name)) &&
      (distance === 'near' || ['read', 'change'].includes(name) || wanted.includes(name)),
  );
}
