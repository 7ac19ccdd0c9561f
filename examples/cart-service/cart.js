/** @typedef {{ id: string, name: string }} Item */

/** One database for all carts of this process. Opened by the first: the parent loads this module too, and needs none. */
let database;

/** The cart of a customer. It answers only when SQLite has written the change to its file. */
export class Cart {
  #customer;
  /** @type {Map<string, Item>} */
  #items;

  /**
   * @param {string} customer
   * @param {Item[]} items what `restore` has read
   */
  constructor(customer, items) {
    this.#customer = customer;
    this.#items = new Map(items.map((item) => [item.id, item]));
  }

  /**
   * Adding an item again that is there already changes nothing, so that a caller may repeat a call that may have run.
   *
   * @param {Item} item
   * @returns {Promise<{ size: number, wasThere: boolean }>}
   */
  async add(item) {
    const wasThere = this.#items.has(item.id);
    database ??= (await import('./database.js')).openDatabase(String(process.env.CARTS_FILE));
    database.prepare('INSERT OR IGNORE INTO items VALUES (?, ?, ?)').run(item.id, this.#customer, item.name);
    this.#items.set(item.id, item);
    return { size: this.#items.size, wasThere };
  }
}
