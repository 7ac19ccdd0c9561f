import { describe, expect, test } from 'vitest';
import { readFromHost } from '../../src/remote/control.js';
import { decodeOffer } from '../../src/remote/offers.js';

const evil = { toString: 1, valueOf: 1 };

describe('a client does not trust a host', () => {
  test.each([
    { type: evil },
    { type: 'toString' },
    { type: 'opened', pid: evil, machine: 'm' },
    { type: 'opened', pid: 1, machine: evil },
    { type: 'refused', reason: evil },
    { type: 'ended', code: 'x', signal: null },
    { type: 'ended', code: null, signal: evil },
    { type: 'ended', code: 1, signal: null, reason: evil },
    { type: 'ended', code: 1, signal: null, stderr: evil },
  ])('whose message is %o', (message) => {
    expect(() => readFromHost(message)).toThrow('The host sent a message that is not known here');
  });

  const about = { id: 'h', machine: 'm', pid: 1, procxy: '0.1.0', state: 'running', labels: {}, classes: {} };
  const stats = { ...about, instances: 1, limit: 4, started: 1, kept: 0, rss: 1, cpu: 1 };
  test.each([
    { limit: undefined },
    { limit: 0 },
    { limit: 'x' },
    { instances: -1 },
    { instances: null },
    { kept: evil },
    { rss: 'x' },
    { machine: evil },
    { id: 'a.b' },
    { labels: undefined },
    { classes: 'x' },
    { state: evil },
    { pid: 1.5 },
  ])('whose offer has %o', (wrong) => {
    const offer = (changed: object): Buffer =>
      Buffer.from(JSON.stringify({ stats: { ...stats, ...changed }, stamp: 1 }));
    expect(decodeOffer(offer({})).stats).toEqual(stats);
    expect(() => decodeOffer(offer(wrong))).toThrow('A host answered');
  });
});
