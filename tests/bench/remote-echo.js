import { Readable } from 'node:stream';

const chunk = Buffer.alloc(65_536, 1);

export class Echo {
  echo(value) {
    return value;
  }

  /** @param {number} megabytes */
  write(megabytes) {
    const all = function* () {
      for (let count = 0; count < megabytes * 16; count++) yield chunk;
    };
    return Readable.from(all(), { objectMode: false });
  }
}
