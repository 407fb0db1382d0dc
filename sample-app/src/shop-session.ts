export interface CartItem {
  sku: string;
  quantity: number;
}

/** The attributes of a session. Each is `undefined` until it is stored. */
export interface ShopSession {
  visitor: string;
  cart: CartItem[];
  visits: number;
}
