import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { procxy } from '../../dist/index.js';
import { connect, type Cluster, type Lease } from '../../dist/remote.js';
import { Diary } from '../fixtures/remote/diary.js';
import { layCable, type Cable } from './cable.js';
import { markedProcesses, signalTo } from './marked-processes.js';
import { freePort, NatsServer } from './nats.js';
import { Peer } from './peer.js';

/** A host in a process of its own, and this process as its client. */
export interface Meeting {
  host: Peer;
  cluster: Cluster;
  namespace: string;
  /** A folder for the diaries. */
  own: string;
}

export interface FarDiaries {
  readonly nats: NatsServer;
  /** Tells the instances of this file from others. */
  readonly mark: string;
  /** Starts a host or a client at the end of a cable. */
  start(kind: 'host' | 'client', options: object, cable?: Cable): Promise<Peer>;
  meet(lease: Partial<Lease>, cable?: Cable): Promise<Meeting>;
  makeFolder(): string;
  /** The processes of instances. */
  instances(): number[];
  allHaveEnded(): Promise<void>;
}

export const makeDiary = (host: Cluster, own: string) =>
  procxy(Diary, { host, timeout: 0, terminateTimeout: 500 }, own);

/** What the diaries of a folder have written down. */
export const entriesIn = (own: string): string[] =>
  readdirSync(own).flatMap((file) => readFileSync(join(own, file), 'utf8').trim().split('\n'));

/** Gives the tests of a file a server, hosts, clients and cables, and ends all of them after the last test. */
export function useFarDiaries(): FarDiaries {
  const mark = `procxy-${process.pid}`;
  const peers: Peer[] = [];
  const cables: Cable[] = [];
  let nats: NatsServer;
  let folder: string;
  let count = 0;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'procxy-diaries-'));
    nats = await new NatsServer(await freePort(), [], '0.0.0.0').start();
  });
  const instances = (): number[] => markedProcesses(mark);
  afterAll(async () => {
    for (const peer of peers) peer.signal('SIGKILL');
    for (const pid of instances()) signalTo(pid, 'SIGKILL');
    await nats.kill();
    await Promise.all(cables.map((cable) => cable.close()));
    rmSync(folder, { recursive: true });
  });

  const makeFolder = (): string => {
    const own = join(folder, String(++count));
    mkdirSync(own);
    return own;
  };
  const start: FarDiaries['start'] = async (kind, options, cable) => {
    const end = cable ?? (await layCable([nats.port]));
    cables.push(end);
    const peer = await new Peer(kind, end).start(kind, options);
    peers.push(peer);
    return peer;
  };
  return {
    mark,
    get nats() {
      return nats;
    },
    makeFolder,
    start,
    instances,
    allHaveEnded: () => expect.poll(instances, { timeout: 30_000 }).toEqual([]),
    async meet(lease, cable) {
      const own = makeFolder();
      const namespace = `n${count}`;
      const host = await start('host', { namespace, lease, mark }, cable);
      return { host, cluster: await connect({ servers: nats.url, namespace, lease }), namespace, own };
    },
  };
}
