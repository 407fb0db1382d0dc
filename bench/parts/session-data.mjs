/** A small session: about 200 bytes. */
export function smallSession() {
  return {
    user: { id: 'u-7421', name: 'Ada Lovelace', roles: ['customer'] },
    visits: 1,
    cart: [{ sku: 'tea-green-100', quantity: 2, price: 1250 }],
    locale: 'en-GB',
  };
}

/** A large session: 10 KB in 20 attributes. */
export function largeSession() {
  const data = { ...smallSession(), user: { ...smallSession().user, address: lines(7) } };
  for (let page = 1; page <= 16; page++) data[`page${page}`] = { title: `Page ${page}`, items: lines(9) };
  return data;
}

/** A huge session: 100 KB in 20 attributes. */
export function hugeSession() {
  const data = smallSession();
  for (let page = 1; page <= 16; page++) data[`page${page}`] = { title: `Page ${page}`, items: lines(107) };
  return data;
}

function lines(count) {
  return Array.from({ length: count }, (_, i) => ({ sku: `item-${1000 + i}`, note: 'a line of the page', quantity: i })); // prettier-ignore
}
