import { JSDOM } from 'jsdom';

/** Parses pages. Whatever a hostile page does to the parser, it does in this process. */
export class Pages {
  /** @param {string} html */
  parse(html) {
    return new JSDOM(html).window.document;
  }
}
