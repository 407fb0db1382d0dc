/** What visitors do. `cookies` says with which session they come: none, a small one or a large one. */
export const routes = [
  { name: 'no cookie', path: '/none', cookies: 'none' },
  { name: 'untouched', path: '/untouched', cookies: 'small' },
  { name: 'read', path: '/read', cookies: 'small' },
  { name: 'change', path: '/change', cookies: 'small' },
  { name: 'read 10 KB', path: '/read', cookies: 'large' },
  { name: 'change 10 KB', path: '/change', cookies: 'large' },
  { name: 'new session', path: '/new', cookies: 'none' },
];

/** The routes to run, for the distance at which Redis is. */
export function chosenRoutes({ routes: wanted }, distance) {
  return routes.filter(
    ({ name }) =>
      (wanted.length === 0 || wanted.includes(name)) &&
      (distance === 'near' || ['read', 'change'].includes(name) || wanted.includes(name)),
  );
}
