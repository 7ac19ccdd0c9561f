import { EventEmitter } from 'node:events';

/**
 * @typedef {(line: string) => string | undefined} Answer takes a line; returns what is wrong with it, if anything is
 * @typedef {{ question: [text: string, fallback: string, answer: Answer] }} Events
 */

/**
 * Asks for the fields of a package.json. It knows no terminal: whoever listens to `question` gets a function to answer with.
 *
 * @extends {EventEmitter<Events>}
 */
export class PackageSetup extends EventEmitter {
  /** @param {string} folder */
  async run(folder) {
    const name = await this.#ask('package name', folder.toLowerCase(), /^[a-z0-9][a-z0-9._-]*$/);
    const version = await this.#ask('version', '1.0.0', /^\d+\.\d+\.\d+$/);
    const license = await this.#ask('license', 'MIT', /^\S+$/);
    return { name, version, license };
  }

  /**
   * @param {string} text
   * @param {string} fallback what an empty line means
   * @param {RegExp} pattern
   * @returns {Promise<string>}
   */
  #ask(text, fallback, pattern) {
    return new Promise((resolve) => {
      this.emit('question', text, fallback, (line) => {
        const value = line.trim() || fallback;
        if (!pattern.test(value)) return `"${value}" is no ${text}.`;
        resolve(value);
        return undefined;
      });
    });
  }
}
