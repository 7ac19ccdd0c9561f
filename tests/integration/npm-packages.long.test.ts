import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FSWatcher } from 'chokidar';
import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import graphology from 'graphology';
import { LRUCache } from 'lru-cache';
import MiniSearch from 'minisearch';
import semver from 'semver';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { procxy, PropertyError } from 'procxy';
import { Thermometer } from '../fixtures/lookalike-emitter.js';

/** How the child finds the class: what is passed before the constructor's arguments. */
const ways = (name: string) =>
  [
    { way: 'found from the class alone', path: undefined, options: undefined },
    { way: 'by the name of its package', path: name, options: {} },
  ] as const;

describe.each(ways('lru-cache'))('LRUCache of lru-cache, $way', ({ path, options }) => {
  /** Its methods also take options with functions in them, so their types say that they cannot be called. */
  interface Cache {
    set(key: string, value: unknown, options?: { ttl: number }): Promise<unknown>;
    get(key: string): Promise<unknown>;
    has(key: string): Promise<boolean>;
    dump(): Promise<[key: string, entry: { value: unknown; ttl?: number }][]>;
  }

  test('constructor arguments, methods and properties', async () => {
    await using cache = await procxy(LRUCache<string, object>, path, options, { max: 2, ttl: 60_000 });
    const methods = cache as unknown as Cache;
    for (const key of ['a', 'b']) expect(await methods.set(key, { key })).toBe(cache);
    await methods.set('c', ['c'], { ttl: 90_000 });
    expect(await methods.get('a')).toBeUndefined();
    expect(await methods.get('b')).toEqual({ key: 'b' });
    expect(await methods.has('c')).toBe(true);
    expect(await methods.dump()).toMatchObject([
      ['c', { value: ['c'], ttl: 90_000 }],
      ['b', { value: { key: 'b' }, ttl: 60_000 }],
    ]);

    expect(cache).toBeInstanceOf(LRUCache);
    expect(cache.ttl).toBe(60_000);
    expect(await cache.$get('size')).toBe(2);
    expect(() => cache.size).toThrow(/size is not mirrored: it is a getter/);
  });

  test('getters that are mirrored', async () => {
    await using cache = await procxy(LRUCache<string, object>, path, { mirror: ['size', 'max'] }, { max: 2 });
    expect(cache).toMatchObject({ size: 0, max: 2 });
    for (const key of ['a', 'b', 'c']) await (cache as unknown as Cache).set(key, {});
    expect(cache).toMatchObject({ size: 2, max: 2 });
  });

  test('a value that JSON cannot carry is refused; a generator can be iterated over', async () => {
    const withFunction = { max: 2, dispose: () => {} };
    const refused = procxy(LRUCache<string, object>, path, options, withFunction);
    await expect(refused).rejects.toThrow(/args\[0\]\.dispose is a function/);

    await using cache = await procxy(LRUCache<string, object>, path, options, { max: 2 });
    const { set } = cache as unknown as Cache;
    await set('a', { n: 1 });
    await set('b', { n: 2 });
    const keys: string[] = [];
    for await (const key of cache.keys()) keys.push(key);
    expect(keys).toEqual(['b', 'a']);
  });
});

describe.each(ways('minisearch'))('MiniSearch of minisearch, $way', ({ path, options }) => {
  interface Hit {
    id: number;
    title: string;
    terms: string[];
  }
  interface Search {
    search(query: string, options?: object): Promise<Hit[]>;
    autoSuggest(query: string): Promise<{ suggestion: string }[]>;
  }
  const documents = [
    { id: 1, title: 'Moby Dick', text: 'Call me Ishmael' },
    { id: 2, title: 'Zen and the Art of Motorcycle Maintenance', text: 'I can see by my watch' },
  ];

  test('constructor arguments, methods and getters', async () => {
    const settings = { fields: ['title', 'text'], storeFields: ['title'], searchOptions: { boost: { title: 2 } } };
    await using index = await procxy(MiniSearch<(typeof documents)[0]>, path, options, settings);
    const methods = index as unknown as Search;
    await index.addAll(documents);
    expect(await methods.search('ishmail', { fuzzy: 0.2 })).toMatchObject([{ title: 'Moby Dick', terms: ['ishmael'] }]);
    expect(await methods.autoSuggest('zen ar')).toMatchObject([{ suggestion: 'zen art' }]);
    expect(await index.getStoredFields(2)).toEqual({ title: documents[1]?.title });
    expect(await index.$get('documentCount')).toBe(2);

    await index.discard(2);
    expect(await methods.search('zen')).toEqual([]);
    await expect(index.discard(2)).rejects.toThrow('cannot discard document with ID 2: it is not in the index');
  });

  test('getters that are mirrored', async () => {
    const counts = { mirror: ['documentCount', 'termCount'] } as const;
    await using index = await procxy(MiniSearch<(typeof documents)[0]>, path, counts, { fields: ['title'] });
    await index.addAllAsync(documents, { chunkSize: 1 });
    expect(index).toMatchObject({ documentCount: 2, termCount: 9 });
  });
});

describe.each(ways('fast-xml-parser'))('fast-xml-parser, $way', ({ path, options }) => {
  interface Parser {
    parse(xml: string, validate?: boolean): Promise<unknown>;
  }
  const xml = '<feed lang="en"><entry id="1">one</entry><entry id="2">&copy; two</entry></feed>';
  const format = { ignoreAttributes: false, attributeNamePrefix: '@' };
  const data = {
    feed: {
      '@lang': 'en',
      entry: [
        { '#text': 'one', '@id': '1' },
        { '#text': '© two', '@id': '2' },
      ],
    },
  };

  test('XMLParser: constructor arguments, methods and properties that are changed in place', async () => {
    await using parser = await procxy(XMLParser, path, options, format);
    const methods = parser as unknown as Parser;
    expect(Reflect.get(parser, 'externalEntities')).toEqual({});
    await parser.addEntity('copy', '©');
    expect(Reflect.get(parser, 'externalEntities')).toEqual({ copy: '©' });
    expect(await methods.parse(xml)).toEqual(data);
    await expect(methods.parse('<feed><entry></feed>', true)).rejects.toThrow(/Expected closing tag 'entry'/);
  });

  test('XMLBuilder: constructor arguments, methods and properties', async () => {
    await using builder = await procxy(XMLBuilder, path, options, format);
    expect(await builder.build(data)).toBe(xml.replace('&copy;', '©'));
    expect(Reflect.get(builder, 'tagEndChar')).toBe('>');
  });
});

/** Its types describe the CommonJS file, where the class stands under `default`. */
const Graph = graphology as unknown as typeof graphology.default;

describe.each(ways('graphology'))('Graph of graphology, $way', ({ path, options }) => {
  test('constructor options, methods, properties and getters', async () => {
    await using graph = await procxy(Graph, path, options, { multi: true, type: 'directed' });
    expect(graph).toMatchObject({ multi: true, type: 'directed', allowSelfLoops: true });
    expect(await graph.addNode('a', { weight: 1 })).toBe('a');
    await graph.addNode('b');
    const edge = await graph.addEdge('a', 'b', { label: 'to' });
    expect(await graph.extremities(edge)).toEqual(['a', 'b']);
    expect(await graph.export()).toMatchObject({
      options: { type: 'directed', multi: true },
      nodes: [{ key: 'a', attributes: { weight: 1 } }, { key: 'b' }],
      edges: [{ key: edge, source: 'a', target: 'b', attributes: { label: 'to' } }],
    });
    expect([await graph.$get('order'), await graph.$get('size')]).toEqual([2, 1]);
    expect(() => graph.order).toThrow(PropertyError);
    await expect(graph.addNode('a')).rejects.toMatchObject({ name: 'UsageGraphError' });
  });

  test('getters that are mirrored, and events that see them', async () => {
    await using graph = await procxy(Graph, path, { mirror: ['order'] }, { type: 'undirected' });
    const seen: unknown[] = [];
    graph.on('nodeAdded', (node) => seen.push([node, graph.order]));
    graph.once('edgeAdded', ({ source, target, undirected }) => seen.push({ source, target, undirected }));
    for (const node of ['a', 'b', 'c']) await graph.addNode(node, { name: node });
    for (const node of ['b', 'c']) await graph.addEdge('a', node);
    expect(seen).toEqual([
      [{ key: 'a', attributes: { name: 'a' } }, 1],
      [{ key: 'b', attributes: { name: 'b' } }, 2],
      [{ key: 'c', attributes: { name: 'c' } }, 3],
      { source: 'a', target: 'b', undirected: true },
    ]);
  });
});

describe.each(ways('chokidar'))('FSWatcher of chokidar, $way', ({ path, options }) => {
  let folder: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'procxy-chokidar-')));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('watches real files until it is closed', async () => {
    const [old, fresh] = [join(folder, 'old.txt'), join(folder, 'fresh.txt')];
    await writeFile(old, 'old');
    await using watcher = await procxy(FSWatcher, path, options, { atomic: false, depth: 0 });
    expect(watcher.options).toMatchObject({ atomic: false, depth: 0, followSymlinks: true });
    const seen: [string, string][] = [];
    watcher.on('all', (event, file) => seen.push([event, file]));
    const ready = new Promise<void>((resolve) => watcher.once('ready', resolve));

    expect(await watcher.add(folder)).toBe(watcher);
    await ready;
    expect(seen).toEqual(expect.arrayContaining([['add', old]]));
    const happens = (event: string, file: string): Promise<void> =>
      vi.waitFor(() => expect(seen).toContainEqual([event, file]), { timeout: 30_000 });
    await writeFile(fresh, 'fresh');
    await happens('add', fresh);
    await writeFile(old, 'changed');
    await happens('change', old);
    await rm(fresh);
    await happens('unlink', fresh);
    expect(await watcher.getWatched()).toMatchObject({ [folder]: ['old.txt'] });

    expect(watcher.closed).toBe(false);
    await watcher.close();
    expect(watcher.closed).toBe(true);
    expect(await watcher.getWatched()).toEqual({});
  });
});

describe.each(ways('semver'))('SemVer of semver, which is CommonJS, $way', ({ path, options }) => {
  test('constructor arguments, methods and properties that are changed in place', async () => {
    await using version = await procxy(semver.SemVer, path, options, 'v1.2.3-beta.4+build', { loose: true });
    const compare = version as unknown as { compare(other: string): Promise<number> };
    expect(version).toMatchObject({ major: 1, minor: 2, patch: 3, loose: true, version: '1.2.3-beta.4' });
    expect(version).toMatchObject({ prerelease: ['beta', 4], build: ['build'] });
    expect(await version.inc('prerelease')).toBe(version);
    expect(version).toMatchObject({ prerelease: ['beta', 5], version: '1.2.3-beta.5' });
    expect(await version.toString()).toBe('1.2.3-beta.5');
    expect(await compare.compare('1.2.3')).toBe(-1);
  });

  test('its constructor’s own error', async () => {
    await expect(procxy(semver.SemVer, path, options, 'one')).rejects.toThrow(new TypeError('Invalid Version: one'));
  });
});

test('an emitter that only looks like Node’s: a subclass of eventemitter3’s', async () => {
  await using thermometer = await procxy(Thermometer, '../fixtures/lookalike-emitter.js', {}, '°C');
  const seen: unknown[] = [];
  const listener = (degrees: number, { unit }: { unit: string }): unknown => seen.push(degrees + unit);
  expect(await thermometer.read(0)).toBe(false);
  thermometer.on('reading', listener).once('reading', (degrees) => seen.push(['once', degrees, thermometer.readings]));
  expect(await thermometer.read(20, 21)).toBe(true);
  expect(seen).toEqual(['20°C', ['once', 20, 3], '21°C']);
  thermometer.off('reading', listener);
  expect(await thermometer.read(22)).toBe(false);

  expect(await thermometer.fail('nobody listens')).toBe(false);
  thermometer.on('error', (error) => seen.push(error));
  expect(await thermometer.fail('too hot')).toBe(true);
  expect(seen.slice(3)).toEqual([new RangeError('too hot')]);
});
