export interface CartItem {
  sku: string;
  quantity: number;
}

/** What the shop keeps in a session. Until something is stored, an attribute is `undefined`. */
export interface ShopSession {
  visitor: string;
  cart: CartItem[];
  visits: number;
}
