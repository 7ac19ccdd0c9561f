import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { HostStats } from '../../src/options/host.js';
import { encodeJson, type Question } from '../../src/remote/offers.js';
import { FIRST_ANSWER, Questions } from '../../src/remote/questions.js';

const question: Question = { procxy: '0.1.0', where: {} };

function statsOf(id: string): HostStats {
  const counts = { instances: 0, limit: 4, started: 0, kept: 0, rss: 0, cpu: 0 };
  return { ...counts, id, machine: 'm', pid: 1, procxy: '0.1.0', state: 'running', labels: {}, classes: {} };
}

/** Hosts that answer what was published when `answer` is called, or at once. */
class Hosts {
  readonly questions: Questions;
  published: string[] = [];

  constructor(onQuestion: (id: string) => void = () => {}) {
    this.questions = new Questions((_subject, _data, id) => {
      this.published.push(id);
      onQuestion(id);
    });
  }

  answer(id: string, host: string, refusal?: string): void {
    const data = encodeJson({ stats: statsOf(host), stamp: 1, refusal });
    this.questions.receive(id, { subject: id, data, reply: '', isRefusal: false });
  }

  ask(subject = 'place.A', each = question): Promise<string[]> {
    const offers = this.questions.ask(subject, each, ({ refusal }) => refusal === undefined);
    return offers.then((all) => all.map(({ stats }) => stats.id));
  }
}

function block(time: number): void {
  for (const end = performance.now() + time; performance.now() < end;);
}

describe('a process that is blocked while it looks for hosts', () => {
  test('for longer than it waits for the first answer asks again, and hears the answer', async () => {
    const hosts = new Hosts((id) => {
      // The first question is lost, or leaves only after the block.
      if (hosts.published.length > 1) setImmediate(() => hosts.answer(id, 'one'));
    });
    const found = hosts.ask();
    block(FIRST_ANSWER + 100);
    expect(await found).toEqual(['one']);
    expect(hosts.published.length).toBe(2);
  });

  test('hears another host that has answered meanwhile', async () => {
    const hosts = new Hosts();
    const found = hosts.ask();
    const [id = ''] = hosts.published;
    hosts.answer(id, 'full', 'it is full');
    setImmediate(() => {
      block(150);
      // As a socket that has become readable: read after the timers.
      setImmediate(() => hosts.answer(id, 'free'));
    });
    await turn();
    expect(await found).toEqual(['full', 'free']);
  });
});

test('a question that nobody answers is asked a few times, and then given up', async () => {
  const hosts = new Hosts();
  expect(await hosts.ask()).toEqual([]);
  expect(new Set(hosts.published).size).toBe(1);
  expect(hosts.published.length).toBe(8);
});

describe('equal questions', () => {
  test('at the same time are asked once, and all get the answers', async () => {
    const hosts = new Hosts((id) => setImmediate(() => hosts.answer(id, 'one')));
    const found = await Promise.all(Array.from({ length: 700 }, () => hosts.ask()));
    expect(found).toEqual(Array.from({ length: 700 }, () => ['one']));
    expect(hosts.published.length).toBe(1);
  });

  test('that come after an answer are asked together when the first one is over', async () => {
    const hosts = new Hosts();
    const first = hosts.ask();
    hosts.answer(hosts.published[0] ?? '', 'full', 'it is full');
    const later = Promise.all(Array.from({ length: 700 }, () => hosts.ask()));
    expect(await first).toEqual(['full']);
    await expect.poll(() => hosts.published.length).toBe(2);
    hosts.answer(hosts.published[1] ?? '', 'free');
    expect(await later).toEqual(Array.from({ length: 700 }, () => ['free']));
    expect(hosts.published.length).toBe(2);
  });

  test('that fail do so for all, and can be asked again', async () => {
    const hosts = new Hosts();
    const found = [hosts.ask(), hosts.ask()];
    expect(hosts.questions.fail('place.A', new Error('not allowed'))).toBe(true);
    for (const each of found) await expect(each).rejects.toThrow('not allowed');
    const again = hosts.ask();
    hosts.answer(hosts.published[1] ?? '', 'one');
    expect(await again).toEqual(['one']);
  });

  test('that cannot be sent fail each by itself', async () => {
    const hosts = new Hosts(() => {
      throw new Error(`too long: ${hosts.published.length}`);
    });
    await expect(hosts.ask()).rejects.toThrow('too long: 1');
    await expect(hosts.ask()).rejects.toThrow('too long: 2');
  });

  test.each<[string, string, Question]>([
    ['another class', 'place.B', question],
    ['other labels', 'place.A', { ...question, where: { gpu: true } }],
    ['another version', 'place.A', { ...question, version: '2.0.0' }],
  ])('are not those about %s', async (_what, subject, other) => {
    const hosts = new Hosts((id) => {
      const name = `host${hosts.published.length}`;
      setImmediate(() => hosts.answer(id, name));
    });
    const found = await Promise.all([hosts.ask(), hosts.ask(subject, other)]);
    expect(found).toEqual([['host1'], ['host2']]);
  });
});
