export interface Product {
  sku: string;
  name: string;
  note: string;
  cents: number;
  colour: string;
}

export const products: readonly Product[] = [
  { sku: 'sencha', name: 'Sencha', note: 'Green, grassy, bright. From Uji.', cents: 1290, colour: '#a7b73f' },
  { sku: 'assam', name: 'Assam', note: 'Black, malty, stands up to milk.', cents: 890, colour: '#9a4a1f' },
  { sku: 'rooibos', name: 'Rooibos', note: 'Red, sweet, no caffeine at all.', cents: 690, colour: '#c2562e' },
  {
    sku: 'jasmine',
    name: 'Jasmine Pearls',
    note: 'White, floral, rolled by hand.',
    cents: 1690,
    colour: '#d9b44a',
  },
];
