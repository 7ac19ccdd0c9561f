import { pbkdf2Sync, randomBytes } from 'node:crypto';

/** Hashes passwords. Every hash keeps the CPU of its process busy, and leaves something behind in its memory. */
export class PasswordHasher {
  /** @type {Buffer[]} a leak, so that instances grow until they are recycled */
  #leak = [];
  #salt = '';

  prepare() {
    this.#salt = randomBytes(16).toString('hex');
  }

  /**
   * @param {string} password
   * @param {number} rounds 1,000 rounds take about half a millisecond
   */
  hash(password, rounds) {
    this.#leak.push(Buffer.alloc(10_000, 1));
    return pbkdf2Sync(password, this.#salt, rounds, 32, 'sha256').toString('hex');
  }
}
